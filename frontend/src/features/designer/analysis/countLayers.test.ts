import { describe, expect, it } from 'vitest';
import { residual } from '../document/testDocument';
import { BLOCK, makeNode, type BlockDefinition, type Node } from '../document/types';
import { makeCatalog } from '../state/catalog';
import type { LayerDescription } from '../state/contract';
import { countLayers } from './countLayers';

const [layers] = Object.values(
  import.meta.glob<LayerDescription[]>('../../../../../schema/layers.json', {
    eager: true,
    import: 'default',
  }),
);
const catalog = makeCatalog(layers ?? []);
const { graph } = residual();
const use = (block: string, repeat = 1): Node => makeNode(BLOCK, block, { block, repeat });
const holding = (node: Node): BlockDefinition => ({
  name: 'B', nodes: { n: node }, edges: {}, inputs: [], outputs: [], exposed: {},
});

describe('how many layers a network has', () => {
  it('is what computes, as often as blocks apply it', () => {
    expect(countLayers(graph, catalog)).toBe(3);
    const blocks = { b: holding(makeNode('ReLU', 'relu')), c: holding(use('b', 2)) };
    expect(countLayers({ ...graph, nodes: { ...graph.nodes, c: use('c', 5) }, blocks }, catalog)).toBe(13);
  });

  it('is nothing of a block that is in itself, and one of a type that nobody knows', () => {
    expect(countLayers({ ...graph, nodes: { a: use('b') }, blocks: { b: holding(use('b')) } }, catalog)).toBe(0);
    expect(countLayers({ ...graph, nodes: { a: makeNode('OfNobody', 'a') } }, catalog)).toBe(1);
  });
});
