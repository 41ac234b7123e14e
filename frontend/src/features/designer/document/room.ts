/** Making room: where new nodes go, and what moves out of their way. Nothing lies on another. */

import { tryOperations } from './apply';
import type { Box } from './arrange';
import { Ground, type Spacing } from './ground';
import type { AddNode, Operation } from './operations';
import { lookup } from './records';
import { edgesOutOf, scopeOf } from './scope';
import type { Document, Edge, Node, Position } from './types';

export type { Spacing } from './ground';

interface Room {
  /** Where each new node goes, in the order of the flow. */
  readonly places: readonly Position[];
  readonly moves: readonly Operation[];
}

/**
 * Places for nodes between the ends of an edge. Where there is no room, the rest of the row moves
 * on; at the end of a row the row grows; and where it would be too long, the rows below move down.
 *
 * @param leaving A node that is put onto the edge from elsewhere.
 */
export function roomOnEdge(
  document: Document,
  scopeId: string | null,
  edge: Edge,
  added: readonly Node[],
  spacing: Spacing,
  leaving: string | null = null,
): Room {
  const ground = new Ground(document, scopeId, spacing, leaving);
  const { step_px, gap_px } = spacing;
  const [first] = added;
  if (first === undefined) return { places: [], moves: [] };
  const from = ground.cards.get(edge.source.node) ?? ground.box('', first, { x: 0, y: 0 });
  const to = ground.cards.get(edge.target.node) ?? { ...from, x: from.x + step_px };
  const parts = added.length + 1;
  const boxes = (place: (number: number) => Position): Box[] =>
    added.map((node, index) => ground.box('', node, place(index + 1)));
  const found = (chosen: readonly Box[]): Room => ({
    places: chosen.map(({ x, y }) => ({ x, y })),
    moves: ground.moves(),
  });

  const between = boxes((number) => ({
    x: from.x + ((to.x - from.x) * number) / parts,
    y: from.y + ((to.y - from.y) * number) / parts,
  }));
  const isFarApart =
    Math.abs(to.x - from.x) >= parts * step_px || Math.abs(to.y - from.y) >= added.length * step_px;
  if (isFarApart && ground.isFree(between)) return found(between);

  const isAhead = to.x > from.x;
  const row = boxes((number) => ({ x: from.x + number * step_px, y: isAhead ? to.y : from.y }));
  const end = from.x + parts * step_px;
  if (isAhead && moveOn(ground, document, scopeId, edge.target.node, row, end)) return found(row);
  const isEndOfRow = !isAhead && !ground.isTooLong(end - step_px + spacing.width_px, from.y + from.height);
  if (isEndOfRow && ground.isFree(row)) return found(row);

  const isLower = to.y >= from.y + from.height;
  const lowest = Math.max(from.y + from.height, to.y + to.height) + gap_px;
  const top = isLower && !isAhead ? to.y : lowest;
  const left = isAhead ? (from.x + to.x - (added.length - 1) * step_px) / 2 : to.x;
  const below = boxes((number) => ({ x: left + (number - 1) * step_px, y: top }));
  if (!ground.isFree(below)) ground.pushDown(top, bottomOf(below));
  return found(below);
}

/** Shift what follows in the row, to begin at `end`; false where the row would be too long. */
function moveOn(
  ground: Ground,
  document: Document,
  scopeId: string | null,
  target: string,
  row: readonly Box[],
  end: number,
): boolean {
  const start = row[0]?.x ?? end;
  const [top, bottom] = [Math.min(...row.map(({ y }) => y)), bottomOf(row)];
  const inRow = ground.where(
    ({ x, y, width, height }) => x + width > start && y < bottom && y + height > top,
  );
  const nearest = [target, ...inRow].map((id) => ground.cards.get(id)?.x ?? end);
  const dx = Math.max(0, end - Math.min(...nearest));
  const meant = new Set([...followersInRow(ground, document, scopeId, target), ...inRow]);
  const moved = ground.withCovered(meant, dx);
  const rights = [...moved].map((id) => ground.cards.get(id)?.x ?? 0);
  const width = row[0]?.width ?? 0;
  if (ground.isTooLong(Math.max(...rights) + dx + width, bottom)) return false;
  ground.shift(moved, dx, 0);
  return true;
}

/** Room for the content of a block in place of its instance: where its upper left corner goes. */
export function roomInPlaceOf(
  document: Document,
  scopeId: string | null,
  instance: Box,
  size: { readonly width: number; readonly height: number },
  spacing: Spacing,
): { readonly origin: Position; readonly moves: readonly Operation[] } {
  const ground = new Ground(document, scopeId, spacing, instance.id);
  const { x, y, height } = instance;
  const bottom = y + height;
  const isInRow = (card: Box): boolean => card.y < bottom && card.y + card.height > y;
  const right = ground.where((card) => isInRow(card) && card.x + card.width > x);
  const lower = ground.where((card) => card.y >= bottom);
  const nearest = Math.min(...[...right].map((id) => ground.cards.get(id)?.x ?? Infinity));
  const dx = Math.max(0, x + size.width + spacing.step_px - spacing.width_px - nearest);
  const last = Math.max(x + size.width, ...rightsOf(ground, right).map((each) => each + dx));
  if (!ground.isTooLong(last, bottom)) {
    ground.shift(lower, 0, Math.max(0, size.height - height));
    if (dx > 0) ground.shift(ground.withCovered(right, dx), dx, 0);
    return { origin: { x, y }, moves: ground.moves() };
  }
  const before = [...ground.cards.values()].filter((card) => isInRow(card) && !right.has(card.id));
  const top = before.length === 0 ? y : bottomOf([instance, ...before]) + spacing.gap_px;
  ground.lower(new Set([...right, ...lower]), top + size.height);
  const left = Math.min(x, ...before.map((card) => card.x));
  return { origin: { x: left, y: top }, moves: ground.moves() };
}

/**
 * Operations made elsewhere, such as a repair of the analyzer, which do not know how large cards
 * are: with room for what they put on a connection, and a free place for anything else.
 */
export function withRoom(
  document: Document,
  operations: readonly Operation[],
  spacing: Spacing,
): readonly Operation[] {
  const removed = operations.filter((each) => each.op === 'remove_edge');
  const added = operations.filter((each) => each.op === 'add_node');
  const [cut] = removed;
  if (added.length === 0) return operations;
  const onlyInserts = operations.every(({ op }) => INSERTING.has(op));
  const edge = cut && lookup(scopeOf(document, cut.scope).edges, cut.edge_id);
  if (cut === undefined || edge === undefined || removed.length > 1 || !onlyInserts) {
    return withFreePlaces(document, operations, added, spacing);
  }
  const nodes = added.map(({ node }) => node);
  const { places, moves } = roomOnEdge(document, cut.scope, edge, nodes, spacing);
  const placed = operations.map((each): Operation => {
    if (each.op !== 'add_node') return each;
    return { ...each, position: places[added.indexOf(each)] ?? each.position };
  });
  return [...placed, ...moves];
}

const INSERTING: ReadonlySet<string> = new Set(['remove_edge', 'add_node', 'add_edge']);

/** What would lie on a card goes to the next free place below, once everything else is done. */
function withFreePlaces(
  document: Document,
  operations: readonly Operation[],
  added: readonly AddNode[],
  spacing: Spacing,
): readonly Operation[] {
  const applied = tryOperations(document, operations);
  if ('refused' in applied) return operations;
  let after = applied.document;
  const moves = added.flatMap(({ scope, node_id, node }): Operation[] => {
    const place = lookup(after.view.positions, node_id);
    if (place === undefined) return [];
    const ground = new Ground(after, scope, spacing, node_id);
    const { x, y } = ground.freeBelow(ground.box(node_id, node, place));
    if (x === place.x && y === place.y) return [];
    const positions = { ...after.view.positions, [node_id]: { x, y } };
    after = { ...after, view: { ...after.view, positions } };
    return [{ op: 'move_nodes', positions: { [node_id]: { x, y } } }];
  });
  return moves.length === 0 ? operations : [...operations, ...moves];
}

function bottomOf(boxes: readonly Box[]): number {
  return Math.max(...boxes.map(({ y, height }) => y + height));
}

function rightsOf(ground: Ground, ids: Iterable<string>): number[] {
  return [...ids].flatMap((id) => {
    const card = ground.cards.get(id);
    return card === undefined ? [] : [card.x + card.width];
  });
}

/** What follows `start` to its right. An edge that leads back begins another row, which stays. */
function followersInRow(
  ground: Ground,
  document: Document,
  scopeId: string | null,
  start: string,
): Set<string> {
  const scope = scopeOf(document, scopeId);
  const seen = new Set([start]);
  const queue = [start];
  for (let nodeId = queue.pop(); nodeId !== undefined; nodeId = queue.pop()) {
    const left = ground.cards.get(nodeId)?.x ?? 0;
    for (const { edge } of edgesOutOf(scope, nodeId)) {
      const next = edge.target.node;
      if (seen.has(next) || (ground.cards.get(next)?.x ?? left) <= left) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return seen;
}
