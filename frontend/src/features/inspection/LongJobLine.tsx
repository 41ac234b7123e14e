import { Button, Progress } from '@mantine/core';
import type { Job } from '@/api';
import classes from './LongJobLine.module.css';

/** How far something is, in words, and the way to end it. */
export function LongJobLine({ job, onCancel }: { job: Job | undefined; onCancel: () => void }) {
  const text = job?.message === undefined || job.message === '' ? 'Waiting for a worker' : job.message;
  return (
    <div className={classes.line}>
      <span aria-live="polite">{text}</span>
      <Progress value={(job?.progress ?? 1) * 100} animated={job?.progress == null} size={5} aria-label={text} />
      <Button size="xs" variant="default" onClick={onCancel}>
        Cancel
      </Button>
    </div>
  );
}
