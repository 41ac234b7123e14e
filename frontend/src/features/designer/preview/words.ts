/** What pictures and numbers of a preview are called. */

import type { TensorSummary } from '@/api';

type Picture = NonNullable<TensorSummary['picture']>;
export type FoundBox = NonNullable<Picture['boxes']>[number];

export function pictureLabel(picture: Picture): string {
  const { kind, first, num_shown, num_all, is_pooled } = picture;
  const part = `${String(first + 1)} to ${String(first + num_shown)} of ${String(num_all)}`;
  switch (kind) {
    case 'image':
      return 'The sample as the network receives it';
    case 'maps':
      return num_all === 1 ? 'The one channel' : `Channels ${part}`;
    case 'matrix':
      return 'The values as a matrix';
    case 'bars':
      return is_pooled ? `${String(num_all)} values, the largest of each stretch` : `Values ${part}`;
    case 'boxes':
      return boxesLabel(picture);
  }
}

function boxesLabel({ num_shown, num_all }: Picture): string {
  if (num_all === 0) return 'Nothing was found';
  if (num_shown < num_all) return `The best ${String(num_shown)} of ${String(num_all)} boxes`;
  return num_all === 1 ? 'One box' : `${String(num_all)} boxes`;
}

/** What a box holds: the class by name, or by number where nobody has named it. */
export function boxName({ name, label }: FoundBox): string {
  return name === '' ? `Class ${String(label)}` : name;
}

/** Which bar is the answer: only classes have one. */
export function highestOf({ values, names }: Picture): number | undefined {
  if (values == null || names == null) return undefined;
  let best = 0;
  values.forEach((value, index) => {
    if ((value ?? -Infinity) > (values[best] ?? -Infinity)) best = index;
  });
  return best;
}

/** The likeliest class is good to know; everything else said of a layer is a warning. */
export const isWarning = (note: string): boolean => !note.startsWith('Highest: ');

export function valueText(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  if (value === 0 || (size >= 0.001 && size < 100_000)) {
    return String(Number(value.toPrecision(4)));
  }
  return value.toExponential(2);
}

export function shareText(share: number): string {
  if (share === 0) return 'none';
  const percent = share * 100;
  return percent < 0.1 ? 'under 0.1 %' : `${percent.toFixed(1)} %`;
}
