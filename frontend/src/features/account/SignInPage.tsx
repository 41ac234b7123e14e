import { Loader } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { http, type Session } from '@/api';
import { TESTIDS, socket, useAdoptSession } from '@/lib';
import { ProblemNotice } from '@/ui';
import { DoorCard } from './DoorCard';
import { useFragmentToken } from './fragment';
import { PasswordForm } from './PasswordForm';

/** Goes on to the page that was asked for; never to another site. */
function useEnter() {
  const adopt = useAdoptSession();
  const router = useRouter();
  const { next } = useSearch({ from: '/signin' });
  return (session: Session) => {
    adopt(session);
    socket.reconnect();
    const isOwnPage = next !== undefined && /^\/(?![/\\])/.test(next);
    void router.navigate({ href: isOwnPage ? next : '/' });
  };
}

export function SignInPage() {
  const enter = useEnter();
  const byLink = useMutation({
    mutationFn: (token: string) => http.post<Session>('/api/session/link', { token }),
    onSuccess: enter,
    meta: { showsOwnError: true },
  });
  useFragmentToken(byLink.mutate);

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
