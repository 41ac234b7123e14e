/** Which layers could use each other's weights, as far as the page can tell. */

import { isSameData, lookup } from '../document/records';
import { holderOf, weightsKey } from '../document/sharing';
import { BLOCK, type Node, type Nodes } from '../document/types';
import type { Catalog } from './catalog';
import type { NodeAnalysis } from './contract';

/** Whether a layer type has something to learn: it takes how that starts and learns. */
export function takesWeights({ byType }: Catalog, node: Node): boolean {
  if (node.type === BLOCK) return true;
  const params = byType.get(node.type)?.params ?? [];
  return params.some(({ name }) => name === 'learning_rate_factor');
}

interface Known {
  readonly nodes: Nodes;
  /** What is known of each node of the scope. */
  readonly analysisOf: (nodeId: string) => NodeAnalysis | undefined;
}

/** Whether two layers have weights of the same form; the server has the last word. */
export function fits({ nodes, analysisOf }: Known, one: string, other: string): boolean {
  const [a, b] = [lookup(nodes, one), lookup(nodes, other)];
  if (a === undefined || b === undefined) return false;
  if (a.type !== b.type || a.block !== b.block) return false;
  if (a.block !== null && (a.repeat !== b.repeat || a.weights !== b.weights)) return false;
  // The one that holds shared weights counts them for all.
  const [ours, theirs] = [one, other].map((id) => analysisOf(holderOf(nodes, id))?.parameters);
  if (ours !== undefined && theirs !== undefined) return ours === theirs && ours > 0;
  return isSameData([a.params, a.overrides], [b.params, b.overrides]);
}

/** Layers whose weights one could use, one for each set of weights, its own among them. */
export function fittingOwners(known: Known, nodeId: string): string[] {
  const owners = new Map<string, string>();
  const own = weightsKey(known.nodes, nodeId);
  for (const id of Object.keys(known.nodes)) {
    const key = weightsKey(known.nodes, id);
    if (id === nodeId || owners.has(key)) continue;
    if (key === own || fits(known, nodeId, id)) owners.set(key, holderOf(known.nodes, id));
  }
  return [...owners.values()];
}

/** Selected layers that could use the same weights, in their order; those that are alone left out. */
export function fittingGroups(known: Known, nodeIds: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const id of nodeIds) {
    const group = groups.find(([first]) => first !== undefined && fits(known, first, id));
    if (group === undefined) groups.push([id]);
    else group.push(id);
  }
  return groups.filter(({ length }) => length > 1);
}
