import type { CheckpointInfo, Run, RunConfig, RunSummary } from '@/api';
import { formatDuration, formatNumber, formatPercent, plural, queueText } from '@/lib';

const METRIC_NAMES: Record<string, string> = {
  loss: 'Loss',
  accuracy: 'Accuracy',
  balanced_accuracy: 'Balanced accuracy',
  learning_rate: 'Learning rate',
  val_loss: 'Validation loss',
  val_accuracy: 'Validation accuracy',
};

/** A metric's name as people say it; an unknown one readable. */
export function metricName(name: string): string {
  const known = METRIC_NAMES[name];
  if (known !== undefined) return known;
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Accuracies are shares and read as per cent; losses are plain numbers. */
export const isShare = (metric: string): boolean => metric.endsWith('accuracy');

export function metricText(name: string, value: number): string {
  return isShare(name) ? formatPercent(value, 2) : formatNumber(value);
}

export function checkpointTitle({ is_best, is_last, epoch }: CheckpointInfo): string {
  const at = Number.isInteger(epoch) ? String(epoch) : epoch.toFixed(1);
  if (is_best) return `Best, epoch ${at}`;
  return is_last ? `Last, epoch ${at}` : `Epoch ${at}`;
}

export function runTitle({ number, name }: Pick<RunSummary, 'number' | 'name'>): string {
  return name === '' ? `Run ${String(number)}` : name;
}

/** The devices a run is on: `cuda:0, cuda:1`, or `cpu × 2` for processes that share its cores. */
export function devicesText({ device, config }: Pick<Run, 'device' | 'config'>): string {
  if (device === '') return '–';
  const count = config.devices;
  return count > 1 && !device.includes(',') ? `${device} × ${String(count)}` : device.replaceAll(',', ', ');
}

/** What a run is about to do because someone asked, or nothing. */
export function wishNote({ state, desired_state }: Pick<RunSummary, 'state' | 'desired_state'>): string | undefined {
  if (state !== 'running' && state !== 'claimed') return undefined;
  switch (desired_state) {
    case 'stop':
      return 'Stopping';
    case 'pause':
      return 'Pausing';
    case 'kill':
      return 'Ending';
    case 'run':
      return undefined;
  }
}

const PHASES: Record<string, string> = {
  loading: 'Reading the data',
  caching: 'Decoding the images',
  training: 'Training',
  validating: 'Validating',
  saving: 'Saving a checkpoint',
};

/** One sentence on what the run is doing now. */
export function nowLine(run: Run): string {
  switch (run.state) {
    case 'queued':
    case 'interrupted':
      return queueLine(run);
    case 'claimed':
      return 'The trainer is starting.';
    case 'running':
      return run.phase === null ? 'Training' : phaseLine(run.phase);
    case 'paused':
      return 'The device is free. Resume goes on where it stopped.';
    case 'stopped':
      return stoppedLine(run);
    case 'failed':
      return `It ended in epoch ${String(Math.floor(run.epochs_done) + (Number.isInteger(run.epochs_done) ? 0 : 1))} of ${String(run.epochs)}.`;
    case 'succeeded':
      return run.duration_s === null ? '' : `in ${formatDuration(run.duration_s)}`;
  }
}

function stoppedLine({ checkpoints, progress }: Run): string {
  if (checkpoints.length > 0) return 'The last checkpoint is kept.';
  return (progress?.step ?? 0) === 0 ? 'Before its first step.' : 'Before its first checkpoint.';
}

function queueLine({ queue_place, estimate_start_s }: Run): string {
  const place = queueText(queue_place);
  if (estimate_start_s === null || estimate_start_s < 1) return `${place}.`;
  return `${place}, starts in about ${formatDuration(estimate_start_s)}.`;
}

function phaseLine({ phase, done, total }: NonNullable<Run['phase']>): string {
  const name = PHASES[phase] ?? phase;
  return total > 0 && phase !== 'training' ? `${name}, ${String(done)} of ${String(total)}` : name;
}

export type Unfrozen = Run['unfrozen'][number];

export const unfrozenText = ({ group, epoch }: Unfrozen): string =>
  `Layer group ${group} unfrozen at epoch ${String(epoch)}`;

/** The settings that matter most, in a line. */
export function configLine(config: RunConfig): string {
  const { optimizer, schedule, epochs, batch_size, devices } = config;
  return [
    OPTIMIZERS[optimizer.type],
    `learning rate ${String(optimizer.learning_rate)}`,
    schedule.type.replace('_', '-'),
    `batch ${String(batch_size)}`,
    plural(epochs, 'epoch'),
    ...(config.unfreeze.is_enabled ? [`unfreezing every ${plural(config.unfreeze.every_epochs, 'epoch')}`] : []),
    ...(devices > 1 ? [plural(devices, 'device')] : []),
  ].join(' · ');
}

const OPTIMIZERS: Record<RunConfig['optimizer']['type'], string> = { sgd: 'SGD', adam: 'Adam', adamw: 'AdamW' };

/** How an execution of a run ended, as part of a line. */
export function attemptText({ number, exit_cause }: Run['attempts'][number]): string {
  const cause = exit_cause ?? 'running';
  return `${String(number)}: ${cause.charAt(0).toLowerCase()}${cause.slice(1).replace(/\.$/, '')}`;
}

/** The checkpoints as somebody looks for them: the best first, then from the newest. */
export function bestFirst<C extends Pick<CheckpointInfo, 'is_best' | 'step'>>(checkpoints: readonly C[]): C[] {
  return checkpoints.toSorted((a, b) => Number(b.is_best) - Number(a.is_best) || b.step - a.step);
}
