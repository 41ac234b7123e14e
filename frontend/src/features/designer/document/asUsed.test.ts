import { describe, expect, it } from 'vitest';
import { asUsed } from './asUsed';
import { emptyDocument, makeNode, type BlockDefinition, type Document } from './types';

const block = (nodes: BlockDefinition['nodes'], node: string, param: string): BlockDefinition => ({
  name: node,
  nodes,
  edges: {},
  inputs: [],
  outputs: [],
  exposed: { filters: { node, param } },
});

/** Two uses of a block that has a block with a convolution within; only one sets its width. */
function nested(): Document {
  const conv = makeNode('Conv2d', 'conv', { params: { out_channels: 64 } });
  const document = emptyDocument();
  return {
    ...document,
    graph: {
      ...document.graph,
      nodes: {
        wide: makeNode('Block', 'wide', { block: 'outer', overrides: { filters: 256 } }),
        plain: makeNode('Block', 'plain', { block: 'outer' }),
      },
      blocks: {
        outer: block({ mid: makeNode('Block', 'mid', { block: 'inner' }) }, 'mid', 'filters'),
        inner: block({ conv }, 'conv', 'out_channels'),
      },
    },
  };
}

describe('asUsed', () => {
  it('gives a layer the values of the use that leads to it, through blocks within blocks', () => {
    expect(asUsed(nested(), 'wide/mid/conv')?.params['out_channels']).toBe(256);
    expect(asUsed(nested(), 'plain/mid/conv')?.params['out_channels']).toBe(64);
  });

  it('knows nothing of what is gone', () => {
    expect(asUsed(nested(), 'wide/mid/other')).toBeUndefined();
    expect(asUsed(nested(), 'gone/mid/conv')).toBeUndefined();
  });
});
