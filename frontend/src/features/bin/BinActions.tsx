import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconTrashX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { http } from '@/api';
import { TESTIDS, formatBytes } from '@/lib';
import type { BinnedRow } from './BinTable';
import classes from './BinPage.module.css';
import { usePurge, useRefreshAfterBin } from './usePurge';

/** Put back, or delete for good; nothing while it is going already. */
export function BinActions({ row, changes }: { row: BinnedRow; changes?: readonly string[] }) {
  const client = useQueryClient();
  const refresh = useRefreshAfterBin();
  const { purge, isPurging } = usePurge();
  const restore = useMutation({
    mutationFn: (path: string) => http.post(path),
    onSuccess: async () => {
      await refresh();
      if (changes) {
        await client.invalidateQueries({ queryKey: [...changes] });
        await client.invalidateQueries({ queryKey: ['projects'] });
      }
    },
  });
  const ask = (path: string) =>
    modals.openConfirmModal({
      title: `Delete ${row.name} for good?`,
      children: loss(row),
      labels: { confirm: 'Delete for good', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => purge(path),
    });
  const { restorePath, purgePath } = row;
  if (row.is_purging) return null;
  return (
    <div className={classes.actions}>
      {restorePath !== null && (
        <Button
          size="xs"
          variant="default"
          loading={restore.isPending}
          aria-label={`Put ${row.name} back`}
          onClick={() => restore.mutate(restorePath)}
          data-testid={TESTIDS.bin.restore}
        >
          Put back
        </Button>
      )}
      {purgePath !== null && (
        <Tooltip label={row.kept_because === '' ? 'Delete for good' : `Stays: ${row.kept_because}`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={26}
            loading={isPurging}
            aria-label={`Delete ${row.name} for good`}
            data-disabled={row.kept_because !== '' || undefined}
            aria-disabled={row.kept_because !== '' || undefined}
            onClick={() => row.kept_because === '' && ask(purgePath)}
            data-testid={TESTIDS.bin.purge}
          >
            <IconTrashX size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
}

const LOST = {
  network: 'Its history and named versions go with it.',
  dataset: 'Its labels and their history go with it, and evaluations of other runs on it.',
  run: 'Its curves, checkpoints, explanations and evaluations go with it.',
  project: 'All its networks, datasets, runs and files go with it, for every member.',
} as const;

function loss({ kind, size_bytes }: BinnedRow): string {
  const freed = size_bytes > 0 ? ` Up to ${formatBytes(size_bytes)} become free.` : '';
  return `It cannot be put back any more. ${LOST[kind]}${freed}`;
}
