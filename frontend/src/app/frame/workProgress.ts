import type { Job, RunSummary } from '@/api';

export function runProgress({ epochs_done, epochs }: Pick<RunSummary, 'epochs_done' | 'epochs'>): number {
  return epochs === 0 ? 0 : Math.min(1, epochs_done / epochs);
}

type ProgressOfRun = Pick<RunSummary, 'state' | 'epochs_done' | 'epochs'>;

/** How far everything is together, 0 to 1; what has not said how far it is does not count. */
export function meanProgress(runs: readonly ProgressOfRun[], jobs: readonly Pick<Job, 'progress'>[]): number {
  const known = [
    ...runs.filter(({ state }) => state !== 'paused' && state !== 'queued').map(runProgress),
    ...jobs.map(({ progress }) => progress).filter((progress) => progress !== null),
  ];
  return known.reduce((sum, each) => sum + each, 0) / Math.max(1, known.length);
}

/** Work that somebody who may not edit can have started, and then cancel. */
export function isOwnWork({ kind }: Pick<Job, 'kind'>): boolean {
  return kind.endsWith('.predict') || kind.endsWith('.explain');
}
