import { expect, test } from 'vitest';
import type { RunSummary } from '@/api';
import { sortRuns } from './sorting';

const run = (number: number, best: number | null, name = ''): RunSummary =>
  ({ id: `r${String(number)}`, number, name, best_metric: best === null ? null : { name: 'accuracy', value: best, step: 1 } }) as RunSummary;
const numbers = (runs: readonly RunSummary[]) => runs.map(({ number }) => number);

test('runs without a value stay last in both directions', () => {
  const runs = [run(1, 0.5), run(2, null), run(3, 0.9)];
  expect(numbers(sortRuns(runs, { key: 'best', isDescending: true }))).toEqual([3, 1, 2]);
  expect(numbers(sortRuns(runs, { key: 'best', isDescending: false }))).toEqual([1, 3, 2]);
});

test('equal values keep the newest first', () => {
  const runs = [run(1, 0.5), run(2, 0.5)];
  expect(numbers(sortRuns(runs, { key: 'best', isDescending: true }))).toEqual([2, 1]);
});
