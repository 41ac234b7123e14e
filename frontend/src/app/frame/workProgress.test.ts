import { expect, test } from 'vitest';
import { isOwnWork, meanProgress } from './workProgress';

test('runs and jobs count alike; what waits or has not said how far it is does not count', () => {
  const runs = [
    { state: 'running' as const, epochs_done: 5, epochs: 10 },
    { state: 'queued' as const, epochs_done: 0, epochs: 10 },
    { state: 'paused' as const, epochs_done: 9, epochs: 10 },
  ];
  expect(meanProgress(runs, [{ progress: 1 }, { progress: null }])).toBe(0.75);
  expect(meanProgress([], [])).toBe(0);
});

test('a viewer may cancel what a viewer may start', () => {
  expect(isOwnWork({ kind: 'inspection.explain' })).toBe(true);
  expect(isOwnWork({ kind: 'inspection.evaluate' })).toBe(false);
});
