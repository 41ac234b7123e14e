import { Button, Table, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Dataset, type DatasetVersion } from '@/api';
import { TESTIDS, formatCount, formatDateTime } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import { versionsQuery } from './api';
import classes from './DatasetPage.module.css';

/** Pinned states of the data: what runs refer to. */
export function VersionsTab({ dataset }: { dataset: Dataset }) {
  const client = useQueryClient();
  const { data: versions = [], error } = useQuery(versionsQuery(dataset.id));
  const [name, setName] = useState('');
  const save = useMutation({
    mutationFn: () => http.post<DatasetVersion>(`/api/datasets/${dataset.id}/versions`, { name }),
    onSuccess: async () => {
      setName('');
      await client.invalidateQueries({ queryKey: versionsQuery(dataset.id).queryKey });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <div className={classes.panels}>
      {error && <ProblemNotice error={error} />}
      <Panel title="Versions" isFlush>
        {dataset.can_edit && (
          <form className={classes.form} onSubmit={submit}>
            <TextInput
              className={classes.grow}
              label="Pin the present state"
              placeholder="Name, optional"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" loading={save.isPending} data-testid={TESTIDS.data.saveVersion}>
              Save a version
            </Button>
          </form>
        )}
        {versions.length === 0 ? (
          <p className={classes.muted} style={{ padding: '4px 16px 12px' }}>
            No version yet. Each run pins one by itself, so that its numbers can be made again.
          </p>
        ) : (
          <VersionTable versions={versions} />
        )}
      </Panel>
    </div>
  );
}

function VersionTable({ versions }: { versions: readonly DatasetVersion[] }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Version</Table.Th>
          <Table.Th>Name</Table.Th>
          <Table.Th ta="right">Images</Table.Th>
          <Table.Th ta="right">Train</Table.Th>
          <Table.Th ta="right">Validation</Table.Th>
          <Table.Th ta="right">Test</Table.Th>
          <Table.Th>Made</Table.Th>
          <Table.Th>Fingerprint</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {versions.map((version) => (
          <Table.Tr key={version.id}>
            <Table.Td>v{version.number}</Table.Td>
            <Table.Td>{version.name}</Table.Td>
            <Table.Td ta="right">{formatCount(version.num_items)}</Table.Td>
            <Table.Td ta="right">{formatCount(version.splits.train)}</Table.Td>
            <Table.Td ta="right">{formatCount(version.splits.validation)}</Table.Td>
            <Table.Td ta="right">{formatCount(version.splits.test)}</Table.Td>
            <Table.Td>
              {formatDateTime(version.created_at)}
              {version.author !== null && `, ${version.author}`}
            </Table.Td>
            <Table.Td className="mono">{version.fingerprint.slice(0, 10)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
