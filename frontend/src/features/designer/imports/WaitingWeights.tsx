import { ActionIcon, Button, Modal, Table } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { http, type WeightFileSummary } from '@/api';
import { formatBytes, formatCount, formatDateTime } from '@/lib';
import { Panel } from '@/ui';
import { DESIGNER_IDS } from '../testids';
import { weightFileQuery, weightFilesKey, weightFilesQuery } from './weightFiles';
import { fitsText } from './weightWords';
import { WeightsPanel } from './WeightsPanel';
import classes from './Weights.module.css';

/** Each row is compared with every network of the project: not at each visit. */
const LISTED_FRESH_MS = 60_000;

interface WaitingWeightsProps {
  projectId: string;
  canEdit: boolean;
}

/** Files of weights alone that wait for their network; nothing while there are none. */
export function WaitingWeights({ projectId, canEdit }: WaitingWeightsProps) {
  const { data: files = [] } = useQuery(weightFilesQuery(projectId));
  const [open, setOpen] = useState<string | null>(null);
  if (files.length === 0 && open === null) return null;
  return (
    <div className={classes.waiting}>
      <Panel title="Weights waiting for a network" isFlush testId={DESIGNER_IDS.waitingWeights}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>File</Table.Th>
              <Table.Th ta="right">Tensors</Table.Th>
              <Table.Th ta="right">Parameters</Table.Th>
              <Table.Th ta="right">Size</Table.Th>
              <Table.Th>Fits</Table.Th>
              <Table.Th>Brought in</Table.Th>
              <Table.Th w={130}>
                <span className="visually-hidden">What to do</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {files.map((file) => (
              <WaitingRow key={file.id} file={file} canEdit={canEdit} onOpen={() => setOpen(file.id)} />
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
      {open !== null && (
        <Modal opened onClose={() => setOpen(null)} title="Load weights" size={980}>
          <WeightsPanel
            projectId={projectId}
            weightFileId={open}
            networkId={null}
            onLoaded={() => setOpen(null)}
          />
        </Modal>
      )}
    </div>
  );
}

interface WaitingRowProps {
  file: WeightFileSummary;
  canEdit: boolean;
  onOpen: () => void;
}

function WaitingRow({ file, canEdit, onOpen }: WaitingRowProps) {
  const client = useQueryClient();
  const { data: found } = useQuery({ ...weightFileQuery(file.id), staleTime: LISTED_FRESH_MS });
  const remove = useMutation({
    mutationFn: () => http.delete(`/api/weight-files/${file.id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: weightFilesKey(file.project_id) }),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: `Delete ${file.source}?`,
      children: <p>No network has these weights yet. They are gone; import the file again to have them back.</p>,
      labels: { confirm: 'Delete', cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    });
  return (
    <Table.Tr data-testid={DESIGNER_IDS.waitingRow(file.source)}>
      <Table.Td className={classes.file}>
        {file.source} <small>{file.format}</small>
      </Table.Td>
      <Table.Td ta="right">{formatCount(file.num_tensors)}</Table.Td>
      <Table.Td ta="right">{found === undefined ? '…' : formatCount(found.num_parameters)}</Table.Td>
      <Table.Td ta="right">{formatBytes(file.size_bytes)}</Table.Td>
      <Table.Td className={classes.fits}>{found === undefined ? '…' : fitsText(found)}</Table.Td>
      <Table.Td>{formatDateTime(file.created_at)}</Table.Td>
      <Table.Td>
        {canEdit && (
          <div className={classes.rowButtons}>
            <Button
              size="compact-sm"
              variant="default"
              data-testid={DESIGNER_IDS.waitingOpen}
              onClick={onOpen}
            >
              Match…
            </Button>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={26}
              aria-label={`Delete ${file.source}`}
              loading={remove.isPending}
              data-testid={DESIGNER_IDS.waitingDelete}
              onClick={ask}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </div>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
