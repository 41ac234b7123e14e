import { Button, Table } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { http, type NetworkSummary } from '@/api';
import { binnedDatasetsQuery } from '@/features/datasets';
import { TESTIDS, formatAgo, plural, roleAllows, useProject } from '@/lib';
import { EmptyState, PageHeader, Panel, ProblemNotice } from '@/ui';
import classes from './BinPage.module.css';

/** Networks and datasets that were deleted, each with the way back. */
export function BinPage() {
  const project = useProject();
  const projectId = project?.id ?? '';
  const enabled = project !== null;
  const datasets = useQuery({ ...binnedDatasetsQuery(projectId), enabled });
  const networks = useQuery({
    queryKey: ['networks', 'binned', projectId],
    queryFn: ({ signal }) =>
      http.get<NetworkSummary[]>(`/api/projects/${projectId}/networks`, { is_deleted: true }, signal),
    enabled,
  });
  const error = datasets.error ?? networks.error;
  const canRestore = project !== null && roleAllows(project.role, 'editor');
  const isEmpty = datasets.data?.length === 0 && networks.data?.length === 0;
  return (
    <>
      <PageHeader title="Bin" meta={project?.name} />
      {error && <ProblemNotice error={error} isPlaced />}
      {isEmpty && (
        <EmptyState icon={<IconTrash size={26} stroke={1.5} />} title="The bin is empty">
          Networks and datasets that are deleted wait here and can be put back.
        </EmptyState>
      )}
      <div className={classes.page}>
        <BinnedThings
          title="Networks"
          room="networks"
          canRestore={canRestore}
          things={(networks.data ?? []).map(({ id, name, num_nodes, updated_at }) => ({
            id, name, updated_at, what: plural(num_nodes, 'layer'),
          }))}
        />
        <BinnedThings
          title="Data"
          room="datasets"
          canRestore={canRestore}
          things={(datasets.data ?? []).map(({ id, name, num_items, updated_at }) => ({
            id, name, updated_at, what: plural(num_items, 'image'),
          }))}
        />
      </div>
    </>
  );
}

interface BinnedThing {
  id: string;
  name: string;
  what: string;
  updated_at: string;
}

interface BinnedThingsProps {
  title: string;
  /** The first part of the API's path, and of what the pages keep of it. */
  room: 'networks' | 'datasets';
  things: readonly BinnedThing[];
  canRestore: boolean;
}

function BinnedThings({ title, room, things, canRestore }: BinnedThingsProps) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: (id: string) => http.post(`/api/${room}/${id}/restore`),
    onSuccess: () => client.invalidateQueries({ queryKey: [room] }),
  });
  if (things.length === 0) return null;
  return (
    <Panel title={title} isFlush>
      <Table>
        <Table.Tbody>
          {things.map(({ id, name, what, updated_at }) => (
            <Table.Tr key={id} data-testid={TESTIDS.bin.row}>
              <Table.Td fw={550}>{name}</Table.Td>
              <Table.Td>{what}</Table.Td>
              <Table.Td className={classes.time}>changed {formatAgo(updated_at)}</Table.Td>
              <Table.Td ta="right">
                {canRestore && (
                  <Button
                    size="xs"
                    variant="default"
                    loading={restore.isPending && restore.variables === id}
                    onClick={() => restore.mutate(id)}
                    data-testid={TESTIDS.bin.restore}
                  >
                    Put back
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}
