import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Session } from '@/api';
import { TESTIDS } from '@/lib';
import { ProblemNotice } from '@/ui';
import classes from './DoorCard.module.css';

/** Signs in with e-mail address and password. */
export function PasswordForm({ onEnter }: { onEnter: (session: Session) => void }) {
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
