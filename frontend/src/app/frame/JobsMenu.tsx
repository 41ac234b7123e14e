import { ActionIcon, Popover, Progress, RingProgress, Tooltip, UnstyledButton } from '@mantine/core';
import { IconActivity, IconX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { Job } from '@/api';
import { TESTIDS, cancelJob, formatPercent, plural, useActiveJobs } from '@/lib';
import { jobTitle } from './jobTitle';
import classes from './TopBar.module.css';

/** What the studio is working on, with progress, and a cancel for each. */
export function JobsMenu() {
  const { data: jobs = [] } = useActiveJobs();
  const known = jobs.filter((job) => job.progress !== null);
  const mean = known.reduce((sum, job) => sum + (job.progress ?? 0), 0) / Math.max(1, known.length);
  return (
    <Popover position="bottom-end" withinPortal>
      <Popover.Target>
        <UnstyledButton
          className={classes.item}
          data-testid={TESTIDS.frame.jobs}
          aria-label={jobs.length === 0 ? 'No running jobs' : plural(jobs.length, 'running job')}
        >
          {jobs.length === 0 ? (
            <IconActivity size={17} stroke={1.7} aria-hidden />
          ) : (
            <RingProgress
              size={20}
              thickness={3}
              sections={[{ value: Math.max(4, mean * 100), color: 'var(--nl-running)' }]}
              aria-hidden
            />
          )}
          {jobs.length > 0 && plural(jobs.length, 'job')}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={classes.jobs}>
        {jobs.length === 0 && (
          <div className={classes.none}>Nothing is running. Imports, trainings and explanations show here.</div>
        )}
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

function JobRow({ job }: { job: Job }) {
  const cancel = useMutation({ mutationFn: () => cancelJob(job.id) });
  const title = jobTitle(job.kind);
  return (
    <div className={classes.job} data-testid={TESTIDS.frame.jobRow}>
      <div className={classes.jobTop}>
        <span className={classes.jobTitle}>{title}</span>
        <span className="mono">
          {job.state === 'queued' ? 'queued' : job.progress === null ? '' : formatPercent(job.progress, 0)}
        </span>
        <Tooltip label="Cancel">
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`Cancel: ${title}`}
            loading={cancel.isPending}
            onClick={() => cancel.mutate()}
            data-testid={TESTIDS.frame.jobCancel}
          >
            <IconX size={14} />
          </ActionIcon>
        </Tooltip>
      </div>
      <Progress
        value={(job.progress ?? 0) * 100}
        size={4}
        color="var(--nl-running)"
        aria-label={`${title}: progress`}
      />
      {job.message !== '' && <div className={classes.jobMessage}>{job.message}</div>}
    </div>
  );
}
