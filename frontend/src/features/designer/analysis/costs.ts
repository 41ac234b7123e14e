/** Compute costs as people read them. A multiply-add counts as two operations. */

import type { Analysis } from '../state/contract';

type Totals = Analysis['totals'];

const UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const;

export function flopsText(flops: number): string {
  return `${scaled(flops)}FLOPs`;
}

/** `T = 1`: lengths that no input gives, of which the costs are those of a single step. */
export const openLengths = ({ open_lengths: lengths = [] }: Totals): string =>
  lengths.map((length) => `${length} = 1`).join(', ');

/** `per sample`, or `per sample, T = 1`. */
export function perSample(totals: Totals): string {
  return ['per sample', openLengths(totals)].filter(Boolean).join(', ');
}

/** `1.2 M`, with a space before the unit that follows. */
export function scaled(value: number): string {
  let rest = value;
  let unit = 0;
  while (rest >= 1000 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}
