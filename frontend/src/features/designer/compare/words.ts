import type { DifferenceKind, ValueChange } from '../state/historyApi';

export const MARKS: Record<DifferenceKind, string> = { added: '+', removed: '−', changed: '~' };
export const WORDS: Record<DifferenceKind, string> = {
  added: 'added',
  removed: 'removed',
  changed: 'changed',
};

/** `out_channels 32 → 64`. */
export function changeText({ name, before, after }: ValueChange): string {
  return `${name} ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: string | null): string {
  if (value === null) return 'default';
  return value === '' ? 'nothing' : value;
}
