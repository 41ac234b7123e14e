import { lookup } from '../document/records';
import type { Graph, Node } from '../document/types';
import type { Catalog } from '../state/catalog';

/**
 * What computes, without inputs and outputs; what blocks hold counts as often as it is applied.
 * Cards of networks and the command line count the same, also where shapes are not known yet.
 */
export function countLayers(graph: Graph, catalog: Catalog): number {
  const sizes = new Map<string, number>();
  const sizeOf = (blockId: string): number => {
    const known = sizes.get(blockId);
    if (known !== undefined) return known;
    sizes.set(blockId, 0); // of one that is in itself
    const size = count(Object.values(lookup(graph.blocks, blockId)?.nodes ?? {}));
    sizes.set(blockId, size);
    return size;
  };
  const count = (nodes: readonly Node[]): number =>
    nodes.reduce((total, { type, block, repeat }) => {
      if (block !== null) return total + repeat * sizeOf(block);
      return total + ((catalog.byType.get(type)?.role ?? 'layer') === 'layer' ? 1 : 0);
    }, 0);
  return count(Object.values(graph.nodes));
}
