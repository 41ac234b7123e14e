import { describe, expect, it } from 'vitest';
import { filledWords, nameParts } from './weightWords';

describe('nameParts', () => {
  it('breaks where a part ends, and loses nothing', () => {
    expect(nameParts('encoder.layer_0/conv1.weight')).toEqual([
      'encoder.',
      'layer_',
      '0/',
      'conv1.',
      'weight',
    ]);
    for (const name of ['weight', '', '__a..b_', 'a.', '.a', 'x:0']) {
      expect(nameParts(name).join('')).toBe(name);
    }
  });
});

describe('filledWords', () => {
  const row = (how: 'name' | 'none', file_key: string) => ({ how, file_key });

  it('counts what the file has left over, not what the network lacks', () => {
    const rows = [row('name', 'a'), row('none', 'b'), row('none', 'c'), row('none', '')];
    expect(filledWords({ layers: 1, num_layers: 2, rows })).toBe(
      '1 of 2 layers whole. 2 tensors of the file found no place.',
    );
    expect(filledWords({ layers: 1, num_layers: 1, rows: rows.slice(0, 1) })).toBe(
      '1 of 1 layers whole. Every tensor of the file found its place.',
    );
  });
});
