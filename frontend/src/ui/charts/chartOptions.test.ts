import { expect, test } from 'vitest';
import { formatNumber, formatPercent } from '@/lib';
import { axisTexts, below, isSparse, trimZeros } from './chartOptions';
import { shortened } from './marksPlugin';

test('an axis repeats no digits that say nothing', () => {
  const texts = ['2.500', '80.0 %', '9.00e-4', '0.5000', '100', '1,200', '0', '3 min 20 s', '0.0105'];
  expect(texts.map(trimZeros)).toEqual(['2.5', '80 %', '9e-4', '0.5', '100', '1,200', '0', '3 min 20 s', '0.0105']);
});

test('dots are drawn only while few points of a curve are in view', () => {
  const x = Array.from({ length: 500 }, (_, index) => index);
  const everyTwentieth = x.map((value) => (value % 20 === 0 ? value : null));
  const chart = { data: [x, x, everyTwentieth] as [number[], number[], (number | null)[]] };
  expect(isSparse(chart, 1, 0, 499)).toBe(false);
  expect(isSparse(chart, 1, 100, 120)).toBe(true);
  expect(isSparse(chart, 2, 0, 499)).toBe(true);
});

test('no two marks of an axis say the same', () => {
  expect(axisTexts([0.0099, 0.00995, null, 0.01], formatNumber)).toEqual(['0.0099', '0.00995', '', '0.01']);
  expect(axisTexts([0.9991, 0.9992], (share) => formatPercent(share))).toEqual(['99.91 %', '99.92 %']);
  expect(axisTexts([0, 0.5, 1], formatNumber)).toEqual(['0', '0.5', '1']);
});

test('the words of a mark end where there is no more room', () => {
  const widthOf = (text: string) => text.length;
  expect(shortened('conv unfrozen', 13, widthOf)).toBe('conv unfrozen');
  expect(shortened('conv unfrozen', 6, widthOf)).toBe('conv…');
});

test.each([
  [0.75, 0.75],
  [0.1, 0.99],
  [0.98, 1],
])('the axis of shares from %f to %f ends at 100 %% at most', async (low, high) => {
  const { default: uPlot } = await import('uplot');
  const [from, to] = uPlot.rangeNum(low, high, below(1));
  expect(from).toBeLessThan(low);
  expect(to).toBeGreaterThanOrEqual(high);
  expect(to).toBeLessThanOrEqual(1);
});
