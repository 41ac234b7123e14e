import { Button, Loader, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useState, type SubmitEvent } from 'react';
import { http, type Session } from '@/api';
import { TESTIDS, socket, useAdoptSession } from '@/lib';
import { ProblemNotice } from '@/ui';
import { DoorCard } from './DoorCard';
import classes from './DoorCard.module.css';
import { takeFragmentToken } from './fragment';

/** Goes on to the page that was asked for; never to another site. */
function useEnter() {
  const adopt = useAdoptSession();
  const router = useRouter();
  const { next } = useSearch({ from: '/signin' });
  return (session: Session) => {
    adopt(session);
    socket.reconnect();
    const isOwnPage = next !== undefined && /^\/(?![/\\])/.test(next);
    router.history.push(isOwnPage ? next : '/');
  };
}

export function SignInPage() {
  const enter = useEnter();
  const byLink = useMutation({
    mutationFn: (token: string) => http.post<Session>('/api/session/link', { token }),
    onSuccess: enter,
    meta: { showsOwnError: true },
  });
  const { mutate } = byLink;
  useEffect(() => {
    // Taken out of the address at once: the token works a single time, this effect may run twice.
    const token = takeFragmentToken();
    if (token !== null) mutate(token);
  }, [mutate]);

  if (byLink.isPending || byLink.isSuccess) {
    return (
      <DoorCard title="Signing in">
        <Loader size="sm" aria-label="Signing in" />
      </DoorCard>
    );
  }
  return (
    <DoorCard
      title="Sign in"
      note={
        <>
          The studio prints a one-time sign-in link when it starts; <span className="mono">manage.py signin</span>{' '}
          makes another. There is no open sign-up: an owner invites.
        </>
      }
    >
      {byLink.error && (
        <div style={{ marginBottom: 16 }}>
          <ProblemNotice error={byLink.error} testId={TESTIDS.signin.error} />
        </div>
      )}
      <PasswordForm onEnter={enter} />
    </DoorCard>
  );
}

function PasswordForm({ onEnter }: { onEnter: (session: Session) => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () => http.post<Session>('/api/session/password', { email: email.trim(), password }),
    onSuccess: onEnter,
    meta: { showsOwnError: true },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="E-mail address"
        type="email"
        autoComplete="username"
        required
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        data-testid={TESTIDS.signin.email}
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        data-testid={TESTIDS.signin.password}
      />
      {signIn.error && <ProblemNotice error={signIn.error} testId={TESTIDS.signin.error} />}
      <Button type="submit" fullWidth loading={signIn.isPending} data-testid={TESTIDS.signin.submit}>
        Sign in
      </Button>
    </form>
  );
}
