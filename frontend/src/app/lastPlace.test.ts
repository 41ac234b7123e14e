import { expect, test } from 'vitest';
import { needsProject } from './lastPlace';

test('pages of work need a project; the bin, the storage, the projects and the account do not', () => {
  for (const path of ['/', '/networks', '/networks/n1', '/data', '/runs/compare', '/inspect']) {
    expect(needsProject(path)).toBe(true);
  }
  for (const path of ['/bin', '/storage', '/projects', '/account', '/runsabout']) {
    expect(needsProject(path)).toBe(false);
  }
});
