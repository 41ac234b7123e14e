import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import { mergeNetwork } from './mergeNetwork';
import { residual, wiring } from './testDocument';
import { emptyDocument } from './types';

const ENDS: Readonly<Record<string, 'input' | 'output'>> = {
  ImageInput: 'input',
  Output: 'output',
};
const leftOut = (type: string) => ENDS[type] ?? null;

describe('merging a network in', () => {
  it('fills an empty canvas with the whole, every place kept', () => {
    const options = { leftOut: () => null, source: null, at: null };
    const merged = mergeNetwork(emptyDocument(), null, residual(), options);
    if ('refused' in merged) throw new Error(merged.refused);
    const { document } = applyOperations(emptyDocument(), merged.operations);
    expect(wiring(document)).toEqual(wiring(residual()));
    const places = (from: typeof document) =>
      Object.values(from.view.positions).map(({ x, y }) => `${x},${y}`).sort();
    expect(places(document)).toEqual(places(residual()));
  });

  it('goes on from a port in place of its input, under free names', () => {
    const source = { node: 'relu', port: 'output' };
    const merged = mergeNetwork(residual(), null, residual(), { leftOut, source, at: { x: 0, y: 400 } });
    if ('refused' in merged) throw new Error(merged.refused);
    expect(merged.nodeIds).toHaveLength(3);
    const { document } = applyOperations(residual(), merged.operations);
    expect(wiring(document)).toEqual([
      ...wiring(residual()),
      'conv_2>add_2.input_2',
      'conv_2>relu_2.input',
      'relu>conv_2.input',
      'relu_2>add_2.input_1',
    ].sort());
    const [first = ''] = merged.nodeIds;
    expect(document.view.positions[first]).toEqual({ x: 0, y: 400 });
  });

  it('has nothing to bring when only ends are there', () => {
    const all = () => 'input' as const;
    const options = { leftOut: all, source: null, at: null };
    expect(mergeNetwork(residual(), null, residual(), options)).toHaveProperty('refused');
  });
});
