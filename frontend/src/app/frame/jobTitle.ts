import type { Job } from '@/api';

const TITLES: Record<string, string> = {
  'designer.import': 'Opening a network',
  import: 'Bringing images in',
  samples: 'Making the sample data',
  preview: 'Augmentation preview',
  train: 'Training',
  predict: 'Prediction',
  explain: 'Explanation',
  evaluate: 'Evaluation',
  estimate: 'Estimate',
  bundle: 'Preparing a bundle',
  purge: 'Deleting for good',
};

/** A job's kind, `room.work`, in words, with what it is about; an unknown one is shown as it is, readable. */
export function jobTitle(kind: string, subjectName?: string): string {
  const work = kind.split('.').at(-1) ?? kind;
  const text = kind.replace(/[._]/g, ' ');
  const title = TITLES[kind] ?? TITLES[work] ?? text.charAt(0).toUpperCase() + text.slice(1);
  return subjectName === undefined ? title : `${title}: ${subjectName}`;
}

/** What works first, then what waits in the order in which it will start. */
export function inQueueOrder<J extends Pick<Job, 'state' | 'queue_place'>>(jobs: readonly J[]): J[] {
  const place = ({ state, queue_place }: J): number => (state === 'queued' ? (queue_place ?? Infinity) : 0);
  return jobs.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}
