import { Progress } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Run } from '@/api';
import { TESTIDS, formatBytes, formatCount, formatDuration, formatPercent, useStudioAway } from '@/lib';
import { StateBadge } from '@/ui';
import { devicesText, metricName, metricText, nowLine, wishNote } from '../words';
import classes from './RunPage.module.css';

/** State, progress with time left, and the gauges: speed, waiting, device, memory, best so far. */
export function StatusStrip({ run }: { run: Run }) {
  const { progress, started } = run;
  const share = progress === null || progress.total_steps === 0 ? 0 : progress.step / progress.total_steps;
  const note = wishNote(run);
  const isRunning = run.state === 'running';
  const isAway = useStudioAway();
  return (
    <section className={classes.strip} aria-label="Status">
      <div className={classes.stateLine}>
        <StateBadge state={run.state} testId={TESTIDS.training.state} {...(note === undefined ? {} : { note })} />
        <span className={classes.now}>{nowLine(run)}</span>
        {isRunning && isAway && <span className={classes.left}>as last heard</span>}
        {isRunning && !isAway && progress?.remaining_s != null && (
          <span className={classes.left}>{formatDuration(progress.remaining_s)} left</span>
        )}
      </div>
      <Progress
        value={run.state === 'succeeded' ? 100 : share * 100}
        size={6}
        color={`var(--nl-${barState(run)})`}
        aria-label="Progress"
        data-testid={TESTIDS.training.progress}
      />
      <dl className={classes.gauges}>
        <Gauge label="Epoch">
          {formatEpoch(run.epochs_done)}
          <small>of {run.epochs}</small>
        </Gauge>
        <Gauge label="Step">
          {progress ? progress.step.toLocaleString('en-US') : '–'}
          {progress && <small>of {progress.total_steps.toLocaleString('en-US')}</small>}
        </Gauge>
        <Gauge label="Speed">
          {progress ? formatCount(progress.images_per_s) : '–'}
          {progress && <small>images/s</small>}
        </Gauge>
        <Gauge label="Waiting for data">{progress ? formatPercent(progress.data_wait_share) : '–'}</Gauge>
        <Gauge label="Memory">
          {progress ? formatBytes(progress.memory_bytes) : '–'}
          {progress?.device_memory_bytes != null && <small>+ {formatBytes(progress.device_memory_bytes)} GPU</small>}
        </Gauge>
        <Gauge label="Device">
          <span title={started?.device_name}>{devicesText(run)}</span>
          {started && <small>{started.precision}</small>}
        </Gauge>
        <Gauge label={run.best_metric ? `Best ${metricName(run.best_metric.name).toLowerCase()}` : 'Best'}>
          <b data-testid={TESTIDS.training.bestMetric} data-value={run.best_metric?.value}>
            {run.best_metric ? metricText(run.best_metric.name, run.best_metric.value) : '–'}
          </b>
        </Gauge>
      </dl>
    </section>
  );
}

function formatEpoch(epochs: number): string {
  return Number.isInteger(epochs) ? String(epochs) : epochs.toFixed(1);
}

function barState(run: Run): 'done' | 'failed' | 'stopped' | 'running' {
  switch (run.state) {
    case 'succeeded':
      return 'done';
    case 'failed':
      return 'failed';
    case 'stopped':
    case 'paused':
    case 'interrupted':
      return 'stopped';
    case 'queued':
    case 'claimed':
    case 'running':
      return 'running';
  }
}

function Gauge({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.gauge}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
