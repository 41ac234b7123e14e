import { ActionIcon, Button, CopyButton, Table, TextInput, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type ApiToken, type Page } from '@/api';
import { TESTIDS, formatAgo, formatDateTime } from '@/lib';
import { Panel } from '@/ui';
import classes from './AccountPage.module.css';

const KEY = ['tokens'];

export function TokensPanel() {
  const client = useQueryClient();
  const { data } = useQuery({ queryKey: KEY, queryFn: () => http.get<Page<ApiToken>>('/api/tokens') });
  const refresh = () => client.invalidateQueries({ queryKey: KEY });
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => http.post<ApiToken>('/api/tokens', { name }),
    onSuccess: async () => {
      setName('');
      await refresh();
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) => http.delete(`/api/tokens/${id}`),
    onSuccess: refresh,
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const tokens = data?.items ?? [];
  return (
    <Panel title="API tokens">
      <p className={classes.muted}>
        A token lets a script act as you. Send it as <span className="mono">Authorization: Bearer …</span>
      </p>
      <form className={classes.row} style={{ marginTop: 14 }} onSubmit={submit}>
        <TextInput
          className={classes.grow}
          label="What it is for"
          placeholder="nightly import"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid={TESTIDS.account.tokenName}
        />
        <Button type="submit" loading={create.isPending} data-testid={TESTIDS.account.tokenCreate}>
          Make a token
        </Button>
      </form>
      {create.data?.token != null && <TokenOnce token={create.data.token} />}
      {tokens.length > 0 && (
        <Table className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th w={40}>
                <span className="visually-hidden">Actions</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tokens.map((token) => (
              <Table.Tr key={token.id}>
                <Table.Td>{token.name}</Table.Td>
                <Table.Td>{formatDateTime(token.created_at)}</Table.Td>
                <Table.Td>{token.last_used_at === null ? 'never' : formatAgo(token.last_used_at)}</Table.Td>
                <Table.Td>
                  <Tooltip label="Revoke">
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={`Revoke ${token.name}`}
                      onClick={() => remove.mutate(token.id)}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  </Tooltip>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

function TokenOnce({ token }: { token: string }) {
  return (
    <div className={classes.secret} role="status">
      <b>Copy it now: it is shown only once.</b>
      <span className={`mono ${classes.secretValue ?? ''}`} data-testid={TESTIDS.account.tokenValue}>
        {token}
      </span>
      <div>
        <CopyButton value={token}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </div>
    </div>
  );
}
