/** Making room on a connection: where new nodes go, and what moves out of their way. */

import type { Operation } from './operations';
import { lookup } from './records';
import { edgesOutOf, scopeOf } from './scope';
import type { Document, Edge, Position, Scope } from './types';

/** Space between the left edges of two neighbours in a row. */
export interface Spacing {
  readonly step_px: number;
}

interface Room {
  /** Where each new node goes, in the order of the flow. */
  readonly places: readonly Position[];
  readonly moves: readonly Operation[];
}

/** Places for `count` nodes between the ends of an edge; what follows moves when they have no room. */
export function roomOnEdge(
  document: Document,
  scope: Scope,
  edge: Edge,
  count: number,
  step_px: number,
): Room {
  const { positions } = document.view;
  const from = lookup(positions, edge.source.node) ?? { x: 0, y: 0 };
  const to = lookup(positions, edge.target.node) ?? { x: from.x + step_px, y: from.y };
  const parts = count + 1;
  const hasRoom =
    Math.abs(to.x - from.x) >= parts * step_px || Math.abs(to.y - from.y) >= count * step_px;
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  if (hasRoom) {
    const between = (start: number, end: number, number: number): number =>
      start + ((end - start) * number) / parts;
    const places = numbers.map((number) => ({
      x: between(from.x, to.x, number),
      y: between(from.y, to.y, number),
    }));
    return { places, moves: [] };
  }
  const places = numbers.map((number) => ({ x: from.x + number * step_px, y: to.y }));
  const shift = from.x + parts * step_px - to.x;
  const moved = [...followersInRow(scope, positions, edge.target.node)].flatMap((id) => {
    const old = lookup(positions, id);
    return old === undefined ? [] : [[id, { x: old.x + shift, y: old.y }] as const];
  });
  return { places, moves: [{ op: 'move_nodes', positions: Object.fromEntries(moved) }] };
}

/**
 * A repair of the analyzer, which does not know how large cards are, with room for what it puts on
 * a connection. Any other repair stays as it is.
 */
export function withRoom(
  document: Document,
  operations: readonly Operation[],
  { step_px }: Spacing,
): readonly Operation[] {
  const removed = operations.filter((each) => each.op === 'remove_edge');
  const added = operations.filter((each) => each.op === 'add_node');
  const [cut] = removed;
  if (cut === undefined || removed.length > 1 || added.length === 0) return operations;
  const scope = scopeOf(document, cut.scope);
  const edge = lookup(scope.edges, cut.edge_id);
  if (edge === undefined) return operations;
  const { places, moves } = roomOnEdge(document, scope, edge, added.length, step_px);
  const placed = operations.map((each): Operation => {
    if (each.op !== 'add_node') return each;
    return { ...each, position: places[added.indexOf(each)] ?? each.position };
  });
  return [...placed, ...moves];
}

/** What follows `start` to its right. An edge that leads back begins another row, which stays. */
function followersInRow(
  scope: Scope,
  positions: Readonly<Record<string, Position>>,
  start: string,
): Set<string> {
  const seen = new Set([start]);
  const queue = [start];
  for (let nodeId = queue.pop(); nodeId !== undefined; nodeId = queue.pop()) {
    const left = lookup(positions, nodeId)?.x ?? 0;
    for (const { edge } of edgesOutOf(scope, nodeId)) {
      const next = edge.target.node;
      if (seen.has(next) || (lookup(positions, next)?.x ?? left) <= left) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return seen;
}
