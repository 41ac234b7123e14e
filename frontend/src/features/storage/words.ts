import type { Freeable, StorageLimit, StoragePart } from '@/api';
import { formatCount, plural } from '@/lib';

interface PartWords {
  title: string;
  color: string;
  count: (num: number) => string;
}

/** How each sort of files is called and coloured; a part keeps its colour everywhere. */
export const PARTS: Record<StoragePart['name'], PartWords> = {
  datasets: { title: 'Images', color: 'var(--nl-series-1)', count: (num) => plural(num, 'image') },
  checkpoints: { title: 'Checkpoints', color: 'var(--nl-series-3)', count: (num) => plural(num, 'checkpoint') },
  weights: { title: 'Imported weights', color: 'var(--nl-series-6)', count: (num) => plural(num, 'file') },
  predictions: { title: 'Predictions and baselines', color: 'var(--nl-text-2)', count: (num) => plural(num, 'file') },
  explanations: { title: 'Explanations', color: 'var(--nl-series-4)', count: (num) => plural(num, 'explanation') },
  bundles: { title: 'Prepared downloads', color: 'var(--nl-series-5)', count: (num) => plural(num, 'file') },
  exports: { title: 'Written files', color: 'var(--nl-series-7)', count: (num) => plural(num, 'file') },
  uploads: { title: 'Uploads', color: 'var(--nl-series-2)', count: (num) => plural(num, 'upload') },
  bin: { title: 'In the bin', color: 'var(--nl-text-3)', count: (num) => plural(num, 'thing') },
};

interface FreeWords {
  title: string;
  /** What goes with it, so that nobody is surprised. */
  loss: (num: number) => string;
  button: string;
  /** Nothing is lost: no question before. */
  isHarmless: boolean;
}

export const FREEABLE: Record<Freeable['name'], FreeWords> = {
  bin: {
    title: 'The bin',
    loss: (num) => `${plural(num, 'thing')} cannot be put back any more. What something else still needs stays.`,
    button: 'Empty',
    isHarmless: false,
  },
  uploads: {
    title: 'Uploads that wait',
    loss: (num) => `${plural(num, 'upload')} that stopped, or that nobody used for a day. They have to be sent again.`,
    button: 'Delete',
    isHarmless: false,
  },
  checkpoints: {
    title: 'Spare checkpoints',
    loss: (num) =>
      `${plural(num, 'checkpoint')} of finished runs, neither the best nor the last. Those two stay, and so do all curves.`,
    button: 'Delete',
    isHarmless: false,
  },
  bundles: {
    title: 'Prepared downloads',
    loss: (num) => `${plural(num, 'bundle')}. Nothing is lost: one is made again when somebody asks for it.`,
    button: 'Delete',
    isHarmless: true,
  },
  exports: {
    title: 'Written files',
    loss: (num) => `${plural(num, 'network')} written as ONNX, Keras and other files. Each can be written again.`,
    button: 'Delete',
    isHarmless: false,
  },
};

const LIMITS: Record<string, string> = {
  project_networks: 'Networks in this project',
  open_uploads: 'Open uploads',
  bulk_jobs: 'Imports and exports',
  interactive_jobs: 'Predictions and explanations',
  queued_runs: 'Waiting and running runs',
  week_run_hours: 'Training within 7 days',
};

export function limitTitle({ name }: StorageLimit): string {
  return LIMITS[name] ?? name;
}

/** `3 of 100`, `2.5 h of 1,000 h`. */
export function limitText({ name, used, most }: StorageLimit): string {
  if (name !== 'week_run_hours') return `${formatCount(used)} of ${formatCount(most)}`;
  const hours = used >= 10 || used < 0.05 ? formatCount(used) : used.toFixed(1);
  return `${hours} of ${formatCount(most)} h`;
}
