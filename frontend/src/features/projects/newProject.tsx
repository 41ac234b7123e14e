import { Button, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Project } from '@/api';
import { SESSION_KEY, TESTIDS, chooseProject } from '@/lib';
import classes from './ProjectsPage.module.css';

/** Asks for a name and opens the project that is made. */
export function openNewProject(): void {
  modals.open({ modalId: 'new-project', title: 'New project', children: <NewProjectForm /> });
}

export function useRefreshProjects() {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['projects'] }),
      client.invalidateQueries({ queryKey: SESSION_KEY }),
    ]);
}

function NewProjectForm() {
  const [name, setName] = useState('');
  const refresh = useRefreshProjects();
  const create = useMutation({
    mutationFn: () => http.post<Project>('/api/projects', { name }),
    onSuccess: async (project) => {
      await refresh();
      chooseProject(project.id);
      modals.close('new-project');
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="Name"
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid={TESTIDS.projects.name}
      />
      <Button type="submit" loading={create.isPending}>
        Create
      </Button>
    </form>
  );
}
