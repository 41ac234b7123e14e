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
    expect(summaryOf({ pieces: [piece('layer')] })).toBe('1 layer.');
  });

  it('tells folded layers and placeholders apart', () => {
    const pieces = [piece('layer'), piece('layer'), piece('folded'), piece('placeholder')];
    expect(summaryOf({ pieces })).toBe(
      '2 layers, 1 folded into others, 1 placeholder that cannot run.',
    );
  });
});
