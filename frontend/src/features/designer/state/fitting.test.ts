import { describe, expect, it } from 'vitest';
import { BLOCK, BLOCK_INPUT, makeNode, type BlockDefinition } from '../document/types';
import { edge } from '../document/testDocument';
import { makeCatalog } from './catalog';
import type { LayerDescription } from './contract';
import { acceptedByBlock, acceptedByLayer, axesOf, fittingFirst, misfit } from './fitting';

const [layers] = Object.values(
  import.meta.glob<LayerDescription[]>('../../../../../schema/layers.json', {
    eager: true,
    import: 'default',
  }),
);
const catalog = makeCatalog(layers ?? []);

const block = (type: string, inner: string | null = null): BlockDefinition => ({
  name: 'Inner',
  nodes: { in: makeNode(BLOCK_INPUT, 'input'), layer: makeNode(type, 'layer', { block: inner }) },
  edges: { e: edge('in', 'layer') },
  inputs: ['in'],
  outputs: [],
  exposed: {},
});

describe('what fits a port', () => {
  it('is what the catalogue declares of each layer', () => {
    expect(acceptedByLayer(catalog, 'Conv2d')).toEqual(['BCHW']);
    expect(acceptedByLayer(catalog, 'Embedding')).toEqual(['BT']);
    expect(acceptedByLayer(catalog, 'ReLU')).toContain('BF');
    expect(acceptedByLayer(catalog, 'Unheard')).toBeNull();
  });

  it('is for a block what its first layers take, through blocks within', () => {
    const blocks = { outer: block(BLOCK, 'inner'), inner: block('LSTM') };
    expect(acceptedByBlock(catalog, blocks, 'outer')).toEqual(['BTF']);
    expect(acceptedByBlock(catalog, blocks, 'gone')).toBeNull();
  });

  it('comes first, and the rest says in one line why it does not', () => {
    const axes = axesOf([
      { axis: 'B', size: 'B' },
      { axis: 'F', size: 64 },
    ]);
    const reason = (type: string) => misfit(acceptedByLayer(catalog, type), axes);
    expect(fittingFirst(['Conv2d', 'Linear', 'LSTM', 'ReLU'], reason)).toEqual([
      'Linear',
      'ReLU',
      'Conv2d',
      'LSTM',
    ]);
    expect(reason('Conv2d')).toBe('Takes B × C × H × W; here B × F arrives.');
    expect(misfit(['BCHW'], axesOf(undefined))).toBeNull();
  });
});
