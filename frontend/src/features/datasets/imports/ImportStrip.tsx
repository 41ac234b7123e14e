import { Button, Progress } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { Job } from '@/api';
import { cancelJob, formatPercent, queueText } from '@/lib';
import classes from './ImportDialog.module.css';

/** An import that goes on in the background, above what it has brought so far. */
export function ImportStrip({ job, canCancel }: { job: Job; canCancel: boolean }) {
  const cancel = useMutation({ mutationFn: () => cancelJob(job.id) });
  // The worker ends between two images; the wish itself is known at once.
  const isCancelling = cancel.isPending || cancel.isSuccess;
  const text = isCancelling ? 'Cancelling' : job.state === 'queued' ? queueText(job.queue_place) : job.message || 'Bringing images in';
  return (
    <div className={classes.strip} role="group" aria-label="Import">
      <span>{text}</span>
      <Progress className={classes.stripBar} value={(job.progress ?? 0) * 100} size={5} aria-label={text} />
      <span className="mono">{formatPercent(job.progress ?? 0, 0)}</span>
      {canCancel && (
        <Button size="xs" variant="default" loading={isCancelling} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      )}
    </div>
  );
}
