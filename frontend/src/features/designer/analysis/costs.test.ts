import { describe, expect, it } from 'vitest';
import type { Totals } from '../state/contract';
import { flopsText, openLengths, perSample } from './costs';

const totals = (lengths?: string[]): Totals => ({
  parameters: 0,
  trainable_parameters: 0,
  flops: 0,
  macs: 0,
  activation_bytes: 0,
  kept_bytes: 0,
  parameter_bytes: 0,
  training_fixed_bytes: 0,
  training_sample_bytes: 0,
  num_layers: 0,
  ...(lengths === undefined ? {} : { open_lengths: lengths }),
});

describe('costs in words', () => {
  it('say which lengths they take for a single step', () => {
    expect(perSample(totals())).toBe('per sample');
    expect(perSample(totals([]))).toBe('per sample');
    expect(perSample(totals(['T']))).toBe('per sample, T = 1');
    expect(openLengths(totals(['S', 'T']))).toBe('S = 1, T = 1');
  });

  it('have three digits and a unit', () => {
    expect([0, 999, 1604026, 1114114058].map(flopsText)).toEqual([
      '0 FLOPs',
      '999 FLOPs',
      '1.60 MFLOPs',
      '1.11 GFLOPs',
    ]);
  });
});
