/** Where in a document the editor is: the blocks that were gone into, and the paths they make. */

import { lookup } from '../document/records';
import { scopeOf } from '../document/scope';
import type { Document } from '../document/types';

/** A block that was opened, and the instance it was opened from. */
export interface Step {
  readonly instanceId: string;
  readonly blockId: string;
}

export interface Place {
  readonly trail: readonly Step[];
  readonly depth: number;
}

export function scopeIdOf(state: Pick<Place, 'trail'>): string | null {
  return state.trail.at(-1)?.blockId ?? null;
}

/** As `pathPrefixOf`, of the canvas: the rest lies on it. */
export function pagePrefixOf({ trail, depth }: Place): string {
  return pathPrefixOf({ trail: trail.slice(0, depth) });
}

/** The path of the instance that a step of the trail goes into. */
export function pathTo(trail: readonly Step[], index: number): string {
  return trail
    .slice(0, index + 1)
    .map(({ instanceId }) => instanceId)
    .join('/');
}

/** Where the analyzer keeps what it knows about a node of the current scope. */
export function pathPrefixOf(state: Pick<Place, 'trail'>): string {
  return state.trail.map(({ instanceId }) => `${instanceId}/`).join('');
}

/** The blocks a path leads through; null when it does not fit the document any more. */
export function trailOf(document: Document, path: string): Step[] | null {
  const steps: Step[] = [];
  let { nodes } = document.graph;
  for (const instanceId of path.split('/').slice(0, -1)) {
    const blockId = lookup(nodes, instanceId)?.block;
    const block = blockId == null ? undefined : lookup(document.graph.blocks, blockId);
    if (blockId == null || block === undefined) return null;
    steps.push({ instanceId, blockId });
    nodes = block.nodes;
  }
  return steps;
}

/** The first steps that still lead into blocks of the document. */
export function validTrail(document: Document, trail: readonly Step[]): readonly Step[] {
  const firstWrong = trail.findIndex((step, depth) => {
    const outer = scopeOf(document, trail[depth - 1]?.blockId ?? null);
    return lookup(outer.nodes, step.instanceId)?.block !== step.blockId;
  });
  return firstWrong === -1 ? trail : trail.slice(0, firstWrong);
}

/** The canvas that is open if it shows the trail in place, else the outermost that does. */
export function depthFor(
  trail: readonly Step[],
  { depth, trail: before, expanded }: Place & { readonly expanded: ReadonlySet<string> },
): number {
  const isShown = (from: number): boolean =>
    trail.every((_, index) => index < from || expanded.has(pathTo(trail, index)));
  const isOpen =
    depth <= trail.length &&
    before.slice(0, depth).every((step, index) => step.instanceId === trail[index]?.instanceId);
  if (isOpen && isShown(depth)) return depth;
  return Array.from({ length: trail.length }, (_, from) => from).find(isShown) ?? trail.length;
}
