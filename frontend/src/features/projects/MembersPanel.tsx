import { ActionIcon, Button, Select, Table, Tooltip } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconUserMinus, IconUserPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { http, type Invitation, type Member, type Page, type Project, type Role } from '@/api';
import { SESSION_KEY, TESTIDS, formatDateTime, useSession } from '@/lib';
import { Panel } from '@/ui';
import { InviteForm } from './InviteForm';
import classes from './ProjectsPage.module.css';
import { ROLES, isRole } from './roles';

export function MembersPanel({ project }: { project: Project }) {
  const client = useQueryClient();
  const key = ['members', project.id];
  const { data } = useQuery({
    queryKey: key,
    queryFn: () => http.get<Page<Member>>(`/api/projects/${project.id}/members`),
  });
  const isOwner = project.role === 'owner';
  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: key }),
      client.invalidateQueries({ queryKey: SESSION_KEY }),
      client.invalidateQueries({ queryKey: ['projects'] }),
    ]);
  const invite = () =>
    modals.open({ title: `Invite to ${project.name}`, children: <InviteForm projectId={project.id} /> });
  return (
    <Panel
      title="People"
      isFlush
      actions={
        isOwner && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconUserPlus size={15} />}
            onClick={invite}
            data-testid={TESTIDS.projects.invite}
          >
            Invite
          </Button>
        )
      }
    >
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>E-mail address</Table.Th>
            <Table.Th w={170}>Role</Table.Th>
            <Table.Th w={44}>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data?.items.map((member) => (
            <MemberRow key={member.person_id} project={project} member={member} onChanged={refresh} />
          ))}
        </Table.Tbody>
      </Table>
      {isOwner && <OpenInvitations projectId={project.id} />}
    </Panel>
  );
}

interface MemberRowProps {
  project: Project;
  member: Member;
  onChanged: () => Promise<unknown>;
}

function MemberRow({ project, member, onChanged }: MemberRowProps) {
  const { data: session } = useSession();
  const url = `/api/projects/${project.id}/members/${member.person_id}`;
  const change = useMutation({ mutationFn: (role: Role) => http.patch(url, { role }), onSuccess: onChanged });
  const remove = useMutation({ mutationFn: () => http.delete(url), onSuccess: onChanged });
  const confirm = () =>
    modals.openConfirmModal({
      title: isMe ? `Leave ${project.name}?` : `Remove ${member.name} from ${project.name}?`,
      children: 'What was made stays in the project. Coming back needs a new invitation.',
      labels: { confirm: isMe ? 'Leave' : 'Remove', cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    });
  const isOwner = project.role === 'owner';
  const isMe = session?.person?.id === member.person_id;
  return (
    <Table.Tr data-testid={TESTIDS.projects.memberRow}>
      <Table.Td>
        {member.name}
        {isMe && ' (you)'}
      </Table.Td>
      <Table.Td>{member.email}</Table.Td>
      <Table.Td>
        {isOwner ? (
          <Select
            size="xs"
            aria-label={`Role of ${member.name}`}
            data={ROLES.map(({ value, label }) => ({ value, label }))}
            value={member.role}
            onChange={(role) => role !== null && isRole(role) && change.mutate(role)}
          />
        ) : (
          member.role
        )}
      </Table.Td>
      <Table.Td>
        {(isOwner || isMe) && (
          <Tooltip label={isMe ? 'Leave the project' : 'Remove from the project'}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={isMe ? 'Leave the project' : `Remove ${member.name}`}
              onClick={confirm}
            >
              <IconUserMinus size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function OpenInvitations({ projectId }: { projectId: string }) {
  const client = useQueryClient();
  const key = ['invitations', projectId];
  const { data } = useQuery({
    queryKey: key,
    queryFn: () => http.get<Page<Invitation>>(`/api/projects/${projectId}/invitations`),
  });
  const withdraw = useMutation({
    mutationFn: (id: string) => http.delete(`/api/invitations/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: key }),
  });
  return (
    <>
      {data?.items.map((invitation) => (
        <div key={invitation.id} className={classes.invitation}>
          <span className={classes.grow}>
            {invitation.email === '' ? 'Open invitation' : invitation.email} as {invitation.role}, by{' '}
            {invitation.inviter_name}, until {formatDateTime(invitation.expires_at)}
          </span>
          <Button size="xs" variant="subtle" color="gray" onClick={() => withdraw.mutate(invitation.id)}>
            Withdraw
          </Button>
        </div>
      ))}
    </>
  );
}
