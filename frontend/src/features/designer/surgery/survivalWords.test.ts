import { describe, expect, it } from 'vitest';
import type { Survival } from '../state/surgery';
import { survivalCondition, survivalNote } from './survivalWords';

const NOTHING: Survival = {
  layers: [],
  num_layers: {},
  kept: 0,
  resized: 0,
  new: 0,
  removed: 0,
  is_complete: true,
};

describe('the note on weights that survive', () => {
  it('adds nothing to counts that say it all', () => {
    expect(survivalNote({ ...NOTHING, kept: 10, removed: 5 })).toBe('');
  });

  it('never denies weights that are merely not counted, or left behind', () => {
    for (const survival of [
      { ...NOTHING, is_complete: false },
      { ...NOTHING, is_complete: false, kept: 10 },
      { ...NOTHING, removed: 10 },
    ]) {
      expect(survivalNote(survival)).not.toMatch(/no layer/i);
      expect(survivalNote(survival)).not.toBe('');
    }
  });

  it('names the network that has no weights', () => {
    expect(survivalNote(NOTHING)).toBe('No layer has weights.');
    expect(survivalNote(NOTHING, 'Mask')).toBe('No layer of Mask has weights.');
  });
});

it('says of a merge that the counts of each network hold without the other', () => {
  expect(survivalCondition(undefined, true)).toContain('alone');
  expect(survivalCondition(undefined, false)).not.toContain('alone');
  expect(survivalCondition('Mask', true)).toContain('as well');
});
