import { expect, test } from 'vitest';
import { isAmbiguous, whose } from './projectName';

test('equal names are told apart by their owner, others need nothing', () => {
  const own = { id: '1', name: 'Sample project', role: 'owner' as const, owner: 'Ada' };
  const shared = { id: '2', name: 'Sample project', role: 'editor' as const, owner: 'Grace' };
  const other = { id: '3', name: 'Line 3', role: 'viewer' as const, owner: 'Grace' };
  const all = [own, shared, other];
  expect(all.map((each) => isAmbiguous(each, all))).toEqual([true, true, false]);
  expect(whose(own)).toBe('as owner');
  expect(whose(shared)).toBe('of Grace, as editor');
});
