import { Button, PasswordInput, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Person, type Session } from '@/api';
import { useAdoptSession, useSession } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import classes from './AccountPage.module.css';
import { PASSWORD_RULE } from './passwordRule';

export function ProfilePanel() {
  const { data: session } = useSession();
  return (
    <Panel title="You">{session?.person && <ProfileForm key={session.person.id} person={session.person} />}</Panel>
  );
}

function ProfileForm({ person }: { person: Person }) {
  const [name, setName] = useState(person.name);
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const adopt = useAdoptSession();
  const save = useMutation({
    mutationFn: () =>
      http.patch<Session>('/api/session', {
        name,
        ...(password === '' ? {} : { password }),
        ...(current === '' ? {} : { current_password: current }),
      }),
    onSuccess: (session) => {
      adopt(session);
      setCurrent('');
      setPassword('');
      notifications.show({ message: 'Saved.' });
    },
    meta: { showsOwnError: true },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput label="Name" value={name} required onChange={(event) => setName(event.currentTarget.value)} />
      <TextInput label="E-mail address" value={person.email} readOnly autoComplete="username" />
      {person.has_password && (
        <PasswordInput
          label="Current password"
          description="Needed only to change it."
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
      )}
      <PasswordInput
        label={person.has_password ? 'New password' : 'Set a password'}
        description={PASSWORD_RULE}
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {save.error && <ProblemNotice error={save.error} />}
      <div>
        <Button type="submit" loading={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
