import { expect, test } from 'vitest';
import type { RunSummary } from '@/api';
import { isUnfinished, withToldRow } from './activeRuns';

const row = (id: string, state: RunSummary['state'], epochs_done = 0) => ({ id, state, epochs_done }) as RunSummary;

test('a row that trains on takes its place in the list', () => {
  const rows = [row('b', 'running', 1), row('a', 'paused')];
  expect(withToldRow(rows, row('b', 'running', 2))).toEqual([row('b', 'running', 2), row('a', 'paused')]);
});

test('a new run and a new state need the list as the server has it', () => {
  const rows = [row('a', 'running', 1)];
  expect(withToldRow(rows, row('b', 'queued'))).toBeNull();
  expect(withToldRow(rows, row('a', 'succeeded', 2))).toBeNull();
});

test('paused and interrupted runs are unfinished, stopped ones are not', () => {
  const states = ['queued', 'claimed', 'running', 'paused', 'interrupted', 'succeeded', 'stopped', 'failed'] as const;
  expect(states.filter((state) => isUnfinished({ state }))).toEqual(['queued', 'claimed', 'running', 'paused', 'interrupted']);
});
