import type { Graph } from '../document/types';
import type { Catalog } from '../state/catalog';
import type { Analysis } from '../state/contract';

export interface LayerCounts {
  /** Cards of the top level. */
  readonly drawn: number;
  /** With every block unfolded as often as it is used; null where there are no blocks. */
  readonly unfolded: number | null;
}

/** Inputs and outputs are layers to look at, though the analysis counts only what computes. */
export function layerCounts(
  graph: Graph,
  totals: Analysis['totals'],
  catalog: Catalog,
): LayerCounts {
  const nodes = Object.values(graph.nodes);
  const roles = nodes.map(({ type }) => catalog.byType.get(type)?.role);
  const ends = roles.filter((role) => role === 'input' || role === 'output').length;
  const hasBlocks = Object.keys(graph.blocks).length > 0;
  return { drawn: nodes.length, unfolded: hasBlocks ? totals.num_layers + ends : null };
}
