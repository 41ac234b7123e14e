import { expect, test } from 'vitest';
import { inQueueOrder, jobTitle } from './jobTitle';

test('a job is called by its work and what it is about', () => {
  expect(jobTitle('datasets.import', 'My photos')).toBe('Bringing images in: My photos');
  expect(jobTitle('house.sweep_up')).toBe('House sweep up');
});

test('what runs comes first, then the queue from its head', () => {
  const jobs = [
    { state: 'queued' as const, queue_place: 2 },
    { state: 'queued' as const, queue_place: 1 },
    { state: 'queued' as const, queue_place: null },
    { state: 'running' as const, queue_place: null },
  ];
  expect(inQueueOrder(jobs)).toEqual([jobs[3], jobs[1], jobs[0], jobs[2]]);
});
