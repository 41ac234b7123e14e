const TITLES: Record<string, string> = {
  import: 'Bringing images in',
  ingest: 'Bringing images in',
  train: 'Training',
  predict: 'Prediction',
  explain: 'Explanation',
  evaluate: 'Evaluation',
  estimate: 'Estimate',
  augmentation_preview: 'Augmentation preview',
  bundle: 'Preparing a bundle',
};

/** A job's kind in words; an unknown kind is shown as it is, readable. */
export function jobTitle(kind: string): string {
  const text = kind.replace(/[._]/g, ' ');
  return TITLES[kind] ?? text.charAt(0).toUpperCase() + text.slice(1);
}
