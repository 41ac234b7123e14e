import { Button } from '@mantine/core';
import { IconFileExport } from '@tabler/icons-react';
import { Suspense, useState } from 'react';
import type { Run } from '@/api';
import { ExportDialog } from '@/features/exports';
import { TESTIDS } from '@/lib';
import { bestFirst, checkpointTitle, metricText } from '../words';

/** The network as this run trained it, in the format that the next tool needs. */
export function ExportRun({ run }: { run: Run }) {
  const [isOpen, setOpen] = useState(false);
  const items = bestFirst(run.checkpoints).map((checkpoint) => ({
    value: checkpoint.id,
    label:
      checkpointTitle(checkpoint) +
      (checkpoint.metric === null ? '' : `, ${metricText(run.config.best_metric, checkpoint.metric)}`),
    weights: { kind: 'checkpoint' as const, checkpoint_id: checkpoint.id },
  }));
  const best = items[0];
  if (best === undefined) return null;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconFileExport size={16} />}
        onClick={() => setOpen(true)}
        data-testid={TESTIDS.training.export}
      >
        Export
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <ExportDialog
            networkId={run.network_id}
            name={`${run.network_name} as trained`}
            groups={[{ group: 'Checkpoints of this run', items }]}
            chosen={best.value}
            checkpointId={best.value}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}
