import { ActionIcon, Popover, Progress, RingProgress, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure, useWindowEvent } from '@mantine/hooks';
import { IconActivity, IconX } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { Job, RunSummary } from '@/api';
import { datasetsQuery } from '@/features/datasets';
import { runTitle, useActiveRuns, wishNote } from '@/features/training';
import { TESTIDS, cancelJob, formatDuration, formatPercent, plural, queueText, roleAllows, useActiveJobs, useProject } from '@/lib';
import { StateBadge } from '@/ui';
import { inQueueOrder, jobTitle } from './jobTitle';
import { isOwnWork, meanProgress, runProgress } from './workProgress';
import classes from './TopBar.module.css';

/** What the studio is working on: trainings with their state, and jobs with a cancel for each. */
export function JobsMenu() {
  const { data: active = [] } = useActiveJobs();
  const { data: runs = [] } = useActiveRuns();
  // A training is a run and has its own line; its job would say the same twice.
  const jobs = inQueueOrder(active.filter(({ kind }) => !kind.endsWith('.train')));
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);
  // The focus stays on the button, so the popover itself would not hear the key.
  useWindowEvent('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  const moving = runs.filter(({ state }) => state !== 'paused').length + jobs.length;
  const label = [
    ...(runs.length > 0 ? [plural(runs.length, 'run')] : []),
    ...(jobs.length > 0 ? [plural(jobs.length, 'job')] : []),
  ].join(', ');
  return (
    <Popover position="bottom-end" withinPortal opened={isOpen} onDismiss={close}>
      <Popover.Target>
        <UnstyledButton
          className={classes.item}
          onClick={toggle}
          data-testid={TESTIDS.frame.jobs}
          aria-label={label === '' ? 'Nothing is running' : `At work: ${label}`}
        >
          {moving === 0 ? (
            <IconActivity size={17} stroke={1.7} aria-hidden />
          ) : (
            <RingProgress
              size={20}
              thickness={3}
              sections={[{ value: Math.max(4, meanProgress(runs, jobs) * 100), color: 'var(--nl-running)' }]}
              aria-hidden
            />
          )}
          {label}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={classes.jobs}>
        {label === '' && (
          <div className={classes.none}>Nothing is running. Imports, trainings and explanations show here.</div>
        )}
        {runs.map((run) => (
          <RunLine key={run.id} run={run} onFollow={close} />
        ))}
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

function RunLine({ run, onFollow }: { run: RunSummary; onFollow: () => void }) {
  const note = wishNote(run);
  const title = `#${String(run.number)} ${runTitle(run)}`;
  return (
    <Link
      to="/runs/$runId"
      params={{ runId: run.id }}
      className={`${classes.job ?? ''} ${classes.runLine ?? ''}`}
      onClick={onFollow}
      data-testid={TESTIDS.frame.jobRow}
    >
      <span className={classes.jobTop}>
        <span className={classes.jobTitle}>{title}</span>
        <StateBadge state={run.state} {...(note === undefined ? {} : { note })} />
      </span>
      <Progress value={runProgress(run) * 100} size={4} color="var(--nl-running)" aria-label={`${title}: progress`} />
      <span className={classes.jobMessage}>{runLine(run)}</span>
    </Link>
  );
}

function runLine({ state, epochs_done, epochs, queue_place, estimate_start_s, network_name }: RunSummary): string {
  if (state === 'queued' || state === 'interrupted') {
    const place = queueText(queue_place);
    return estimate_start_s === null || estimate_start_s < 1 ? place : `${place}, in about ${formatDuration(estimate_start_s)}`;
  }
  return `${network_name} · epoch ${epochs_done.toFixed(1).replace(/\.0$/, '')} of ${String(epochs)}`;
}

function JobRow({ job }: { job: Job }) {
  const project = useProject();
  const cancel = useMutation({ mutationFn: () => cancelJob(job.id) });
  const title = jobTitle(job.kind, useSubjectName(job));
  const isCancelling = cancel.isPending || cancel.isSuccess;
  const mayCancel = (project !== null && roleAllows(project.role, 'editor')) || isOwnWork(job);
  return (
    <div className={classes.job} data-testid={TESTIDS.frame.jobRow}>
      <div className={classes.jobTop}>
        <span className={classes.jobTitle}>{title}</span>
        <span className="mono">
          {isCancelling ? 'cancelling' : job.state === 'queued' ? 'queued' : job.progress === null ? '' : formatPercent(job.progress, 0)}
        </span>
        {mayCancel && (
          <Tooltip label="Cancel">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={`Cancel: ${title}`}
              loading={isCancelling}
              onClick={() => cancel.mutate()}
              data-testid={TESTIDS.frame.jobCancel}
            >
              <IconX size={14} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <Progress
        value={(job.progress ?? 0) * 100}
        size={4}
        color="var(--nl-running)"
        aria-label={`${title}: progress`}
      />
      {job.state === 'queued' && <div className={classes.jobMessage}>{queueText(job.queue_place)}</div>}
      {job.state !== 'queued' && job.message !== '' && <div className={classes.jobMessage}>{job.message}</div>}
    </div>
  );
}

/** The dataset a job is about; other subjects say it in their message. */
function useSubjectName({ subject, project_id }: Job): string | undefined {
  const isOfDataset = subject?.type === 'dataset' && project_id !== null;
  const { data } = useQuery({ ...datasetsQuery(project_id ?? ''), enabled: isOfDataset });
  return isOfDataset ? data?.find(({ id }) => id === subject.id)?.name : undefined;
}
