import type { RunSummary } from '@/api';

export type SortKey =
  | 'number' | 'name' | 'state' | 'network' | 'dataset' | 'epochs' | 'val_loss' | 'val_accuracy' | 'best' | 'duration';

export interface Sorting {
  key: SortKey;
  isDescending: boolean;
}

type Value = string | number | null;

const VALUES: Record<SortKey, (run: RunSummary) => Value> = {
  number: (run) => run.number,
  name: (run) => run.name.toLowerCase(),
  state: (run) => run.state,
  network: (run) => run.network_name.toLowerCase(),
  dataset: (run) => run.dataset_name.toLowerCase(),
  epochs: (run) => run.epochs_done,
  val_loss: (run) => run.latest.val_loss ?? null,
  val_accuracy: (run) => run.latest.val_accuracy ?? null,
  best: (run) => run.best_metric?.value ?? null,
  duration: (run) => run.duration_s,
};

/** Sorts a copy; what has no value yet stays at the end in both directions. */
export function sortRuns(runs: readonly RunSummary[], { key, isDescending }: Sorting): RunSummary[] {
  const value = VALUES[key];
  return runs.toSorted((a, b) => {
    const left = value(a);
    const right = value(b);
    if (left === null || right === null) return left === right ? b.number - a.number : left === null ? 1 : -1;
    const order = typeof left === 'string' ? left.localeCompare(String(right)) : left - Number(right);
    if (order === 0) return b.number - a.number;
    return isDescending ? -order : order;
  });
}
