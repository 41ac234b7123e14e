import { describe, expect, it } from 'vitest';
import { knownTruth } from './truth';

describe('what an answer is compared with', () => {
  it('is the label, where the network was trained here or knows the class', () => {
    expect(knownTruth({ classes: ['cat', 'dog'], runId: null }, 'dog')).toBe('dog');
    expect(knownTruth({ classes: ['cat'], runId: 'r' }, 'dog')).toBe('dog');
  });

  it('is nothing where a file knows other classes, tells none, or nobody labelled the image', () => {
    expect(knownTruth({ classes: ['cat'], runId: null }, 'dog')).toBeNull();
    expect(knownTruth({ classes: [], runId: null }, 'dog')).toBeNull();
    expect(knownTruth({ classes: ['cat'], runId: 'r' }, undefined)).toBeNull();
  });
});
