import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type SubmitEvent } from 'react';
import { http, type InvitationLook, type Session } from '@/api';
import { TESTIDS, socket, useAdoptSession, useSession } from '@/lib';
import { ProblemNotice } from '@/ui';
import { DoorCard } from './DoorCard';
import classes from './DoorCard.module.css';
import { takeFragmentToken, useFragmentToken } from './fragment';
import { PasswordForm } from './PasswordForm';
import { PASSWORD_RULE } from './passwordRule';

/** Joins a project by a link: with the account that is signed in, or with a new one. */
export function InvitationPage() {
  const [token, setToken] = useState(() => takeFragmentToken());
  const [hasAccount, setHasAccount] = useState(false);
  const { data: session } = useSession();
  const [fields, setFields] = useState({ name: '', email: '', password: '' });
  const adopt = useAdoptSession();
  const navigate = useNavigate();
  const person = session?.person ?? null;
  const welcome = (joined: Session) => {
    adopt(joined);
    socket.reconnect();
  };
  const accept = useMutation({
    mutationFn: () => http.post<Session>('/api/invitations/accept', person ? { token } : { token, ...fields }),
    onSuccess: async (joined) => {
      welcome(joined);
      await navigate({ to: '/' });
    },
    meta: { showsOwnError: true },
  });
  const { data: look, error: lookError } = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => http.post<InvitationLook>('/api/invitations/look', { token }),
    enabled: token !== null,
    staleTime: Infinity,
  });
  const { reset } = accept;
  useFragmentToken((opened) => {
    setToken(opened);
    reset();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    accept.mutate();
  };
  if (token === null) {
    return (
      <DoorCard title="This link is incomplete">
        <p className={classes.text}>
          An invitation works once, with its whole address. Ask the person who invited you for a new link.
        </p>
      </DoorCard>
    );
  }
  if (lookError && !accept.isPending && !accept.isSuccess) {
    return (
      <DoorCard title="This invitation does not open anything">
        <ProblemNotice error={lookError} />
      </DoorCard>
    );
  }
  if (!look) return <DoorCard title="Invitation">{null}</DoorCard>;
  if (!person && hasAccount) {
    return (
      <DoorCard title="Sign in to join">
        <p className={classes.text}>
          <b>{look.project_name}</b> is added to the account you sign in with.
        </p>
        <PasswordForm onEnter={welcome} />
        <Button variant="subtle" size="xs" fullWidth mt={8} onClick={() => setHasAccount(false)}>
          I am new here
        </Button>
      </DoorCard>
    );
  }
  return (
    <DoorCard title={`Join ${look.project_name}`}>
      <p className={classes.text} data-testid={TESTIDS.invitation.who}>
        <b>{look.inviter_name}</b> invites you to the project <b>{look.project_name}</b> as {withArticle(look.role)}.{' '}
        {person ? (
          <>
            You are signed in as <b>{person.name}</b>; the project is added to your account.
          </>
        ) : (
          'Make an account here, or use the one you have.'
        )}
      </p>
      <form className={classes.form} onSubmit={submit}>
        {!person && <NewAccountFields fields={fields} onChange={setFields} />}
        {accept.error && <ProblemNotice error={accept.error} />}
        <Button type="submit" fullWidth loading={accept.isPending}>
          Join
        </Button>
      </form>
      {!person && (
        <Button variant="subtle" size="xs" fullWidth mt={8} onClick={() => setHasAccount(true)}>
          I have an account
        </Button>
      )}
    </DoorCard>
  );
}

/** `an editor`, `a viewer`. */
function withArticle(role: string): string {
  return `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`;
}

interface Fields {
  name: string;
  email: string;
  password: string;
}

function NewAccountFields({ fields, onChange }: { fields: Fields; onChange: (fields: Fields) => void }) {
  return (
    <>
      <TextInput
        label="Your name"
        required
        autoComplete="name"
        value={fields.name}
        onChange={(event) => onChange({ ...fields, name: event.currentTarget.value })}
      />
      <TextInput
        label="E-mail address"
        type="email"
        required
        autoComplete="username"
        value={fields.email}
        onChange={(event) => onChange({ ...fields, email: event.currentTarget.value })}
      />
      <PasswordInput
        label="Choose a password"
        description={PASSWORD_RULE}
        required
        autoComplete="new-password"
        value={fields.password}
        onChange={(event) => onChange({ ...fields, password: event.currentTarget.value })}
      />
    </>
  );
}
