const TITLES: Record<string, string> = {
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

/** A job's kind, `room.work`, in words; an unknown one is shown as it is, readable. */
export function jobTitle(kind: string): string {
  const work = kind.split('.').at(-1) ?? kind;
  const text = kind.replace(/[._]/g, ' ');
  return TITLES[work] ?? text.charAt(0).toUpperCase() + text.slice(1);
}
