import { Badge, Button, TextInput, UnstyledButton } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Page, type Project } from '@/api';
import { TESTIDS, chooseProject, plural, useProject } from '@/lib';
import { PageHeader, Panel, ProblemNotice, showBinned } from '@/ui';
import { MembersPanel } from './MembersPanel';
import { openNewProject, useRefreshProjects } from './newProject';
import classes from './ProjectsPage.module.css';

export function ProjectsPage() {
  const { data, error } = useQuery({
    queryKey: ['projects'],
    queryFn: () => http.get<Page<Project>>('/api/projects'),
  });
  const open = useProject();
  const projects = data?.items ?? [];
  const shown = projects.find((project) => project.id === open?.id);
  return (
    <>
      <PageHeader
        title="Projects"
        meta={data ? plural(data.total, 'project') : undefined}
        actions={
          <Button
            leftSection={<IconPlus size={16} />}
            onClick={openNewProject}
            data-testid={TESTIDS.projects.create}
          >
            New project
          </Button>
        }
      />
      <div className={classes.columns}>
        {error && <ProblemNotice error={error} />}
        <div className={classes.list}>
          {projects.map((project) => (
            <UnstyledButton
              key={project.id}
              className={classes.project}
              aria-current={project.id === open?.id ? 'true' : undefined}
              onClick={() => chooseProject(project.id)}
            >
              <span className={classes.name}>
                {project.name} <Badge color="gray">{project.role}</Badge>
              </span>
              <span className={classes.counts}>
                {plural(project.num_networks, 'network')} · {plural(project.num_datasets, 'dataset')} ·{' '}
                {plural(project.num_runs, 'run')}
              </span>
            </UnstyledButton>
          ))}
        </div>
        {shown && (
          <div className={classes.detail}>
            {shown.role === 'owner' && <RenamePanel key={shown.id} project={shown} />}
            <MembersPanel project={shown} />
          </div>
        )}
      </div>
    </>
  );
}

function RenamePanel({ project }: { project: Project }) {
  const [name, setName] = useState(project.name);
  const refresh = useRefreshProjects();
  const rename = useMutation({
    mutationFn: () => http.patch<Project>(`/api/projects/${project.id}`, { name }),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: () => http.delete(`/api/projects/${project.id}`),
    onSuccess: async () => {
      showBinned(project, async () => {
        await http.post(`/api/bin/projects/${project.id}/restore`);
        await refresh();
      });
      await refresh();
    },
  });
  const confirmRemoval = () =>
    modals.openConfirmModal({
      title: `Put ${project.name} into the bin?`,
      children: 'Everything in it is kept there for a while, and nobody sees it until it is put back. What runs in it is paused.',
      labels: { confirm: 'Put into the bin', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    rename.mutate();
  };
  return (
    <Panel title="Project">
      <form className={classes.row} onSubmit={submit}>
        <TextInput
          className={classes.grow}
          label="Name"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={name === project.name} loading={rename.isPending}>
          Rename
        </Button>
        <Button variant="subtle" color="red" onClick={confirmRemoval}>
          Move to the bin
        </Button>
      </form>
    </Panel>
  );
}
