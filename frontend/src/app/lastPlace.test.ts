import { expect, test } from 'vitest';
import { needsProject } from './lastPlace';

test('lists of a project need one; a single thing, the bin, the storage and the account do not', () => {
  for (const path of ['/', '/networks', '/data', '/runs/compare', '/inspect']) {
    expect(needsProject(path)).toBe(true);
  }
  for (const path of ['/networks/n1', '/bin', '/storage', '/projects', '/account', '/runsabout']) {
    expect(needsProject(path)).toBe(false);
  }
});
