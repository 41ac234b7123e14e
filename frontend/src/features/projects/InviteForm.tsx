import { Button, CopyButton, Radio, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Invitation } from '@/api';
import { TESTIDS, formatDateTime } from '@/lib';
import { ProblemNotice } from '@/ui';
import classes from './ProjectsPage.module.css';
import { isOnlyHere } from './reach';
import { ROLES } from './roles';

/** Makes a one-time link; whoever opens it joins with the chosen role. */
export function InviteForm({ projectId }: { projectId: string }) {
  const client = useQueryClient();
  const [role, setRole] = useState('editor');
  const [email, setEmail] = useState('');
  const invite = useMutation({
    mutationFn: () =>
      http.post<Invitation>(`/api/projects/${projectId}/invitations`, { role, email: email.trim() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['invitations', projectId] }),
    meta: { showsOwnError: true },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  if (invite.data?.url != null) return <InvitationLink url={invite.data.url} expiresAt={invite.data.expires_at} />;
  return (
    <form className={classes.form} onSubmit={submit}>
      <ReachNote url={window.location.origin} />
      <Radio.Group label="Role" value={role} onChange={setRole} data-testid={TESTIDS.projects.inviteRole}>
        <Stack gap={8} mt={8}>
          {ROLES.map(({ value, label, description }) => (
            <Radio key={value} value={value} label={label} description={description} />
          ))}
        </Stack>
      </Radio.Group>
      <TextInput
        label="E-mail address"
        description="Optional: only this person can use the link then."
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        data-testid={TESTIDS.projects.inviteEmail}
      />
      {invite.error && <ProblemNotice error={invite.error} />}
      <Button type="submit" loading={invite.isPending} data-testid={TESTIDS.projects.inviteSubmit}>
        Make a link
      </Button>
    </form>
  );
}

/** An invitation that nobody can open is worse than none. */
function ReachNote({ url }: { url: string }) {
  if (!isOnlyHere(url)) return null;
  return (
    <p className={classes.reach} role="note">
      People on other computers cannot open this link: the studio listens on this computer only. Start it with{' '}
      <span className="mono">NETLOOM_HOST=0.0.0.0</span> and{' '}
      <span className="mono">NETLOOM_PUBLIC_URL=http://ITS-ADDRESS:PORT</span>, then make the link.
    </p>
  );
}

function InvitationLink({ url, expiresAt }: { url: string; expiresAt: string }) {
  return (
    <div className={classes.link} role="status">
      <b>Send this link. It works once, until {formatDateTime(expiresAt)}, and is shown only now.</b>
      <ReachNote url={url} />
      <span className={`mono ${classes.url ?? ''}`} data-testid={TESTIDS.projects.inviteUrl}>
        {url}
      </span>
      <div>
        <CopyButton value={url}>
          {({ copied, copy }) => (
            <Button size="xs" onClick={copy}>
              {copied ? 'Copied' : 'Copy the link'}
            </Button>
          )}
        </CopyButton>
      </div>
    </div>
  );
}
