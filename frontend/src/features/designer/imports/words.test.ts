import { describe, expect, it } from 'vitest';
import { summaryOf } from './words';

describe('summaryOf', () => {
  const piece = (outcome: 'layer' | 'operator' | 'folded' | 'placeholder') => ({
    source: 'Conv2D a',
    outcome,
    nodes: [],
    message: '',
  });

  it('names only what is there', () => {
    expect(summaryOf({ pieces: [piece('layer')] }, 2)).toBe('1 layer.');
  });

  it('tells folded layers and placeholders apart', () => {
    const pieces = [piece('layer'), piece('layer'), piece('folded'), piece('placeholder')];
    expect(summaryOf({ pieces }, 0)).toBe(
      '2 layers, 1 folded into others, 1 placeholder that cannot run.',
    );
  });

  it('does not count the layers of weights that were loaded', () => {
    expect(summaryOf({ pieces: [] }, 6)).toBe('Weights alone, loaded into layers that were here.');
    expect(summaryOf({ pieces: [] }, 0)).toBe('0 layers.');
  });
});
