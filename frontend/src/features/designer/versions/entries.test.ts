import { describe, expect, it } from 'vitest';
import type { VersionSummary } from '../state/contract';
import type { RevisionSummary } from '../state/historyApi';
import { historyOf } from './entries';

function save(revision: number, time: string, author = 'Ada'): RevisionSummary {
  return { revision, gesture: 'Edit', num_operations: 1, author, created_at: time };
}

function version(revision: number, time: string): VersionSummary {
  return {
    id: `v${revision}`, network_id: 'n', name: 'Named', revision, created_at: time,
    author: 'Ada', graph_hash: '', pinned_by_runs: 0,
  };
}

describe('the history', () => {
  it('groups neighbouring saves of one person, newest first', () => {
    const [day] = historyOf(
      [],
      [
        save(3, '2026-05-02T12:03:00', 'Grace'),
        save(2, '2026-05-02T12:02:00'),
        save(1, '2026-05-02T12:01:00'),
      ],
    );
    expect(
      day?.entries.map((each) => each.kind === 'saves' && [each.author, each.saves.length]),
    ).toEqual([['Grace', 1], ['Ada', 2]]);
  });

  it('puts a version between the saves it was made between', () => {
    const [day] = historyOf(
      [version(1, '2026-05-02T12:01:30')],
      [save(2, '2026-05-02T12:02:00'), save(1, '2026-05-02T12:01:00')],
    );
    expect(day?.entries.map((each) => each.kind)).toEqual(['saves', 'version', 'saves']);
  });

  it('begins a new group with each day', () => {
    const days = historyOf([], [save(2, '2026-05-03T00:10:00'), save(1, '2026-05-02T23:50:00')]);
    expect(days.map((each) => each.date)).toEqual(['2026-05-03', '2026-05-02']);
  });
});
