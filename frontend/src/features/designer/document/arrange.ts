/** Placing nodes: aligning, spreading evenly, and a quick layering from left to right. */

import { edgesInto, edgesOutOf } from './scope';
import type { Position, Scope } from './types';

export interface Box extends Position {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export type Positions = Readonly<Record<string, Position>>;

export type Alignment = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom';

export function align(boxes: readonly Box[], alignment: Alignment): Positions {
  const left = Math.min(...boxes.map((box) => box.x));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const top = Math.min(...boxes.map((box) => box.y));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  const place = (box: Box): Position => {
    switch (alignment) {
      case 'left':
        return { x: left, y: box.y };
      case 'centre':
        return { x: (left + right - box.width) / 2, y: box.y };
      case 'right':
        return { x: right - box.width, y: box.y };
      case 'top':
        return { x: box.x, y: top };
      case 'middle':
        return { x: box.x, y: (top + bottom - box.height) / 2 };
      case 'bottom':
        return { x: box.x, y: bottom - box.height };
    }
  };
  return Object.fromEntries(boxes.map((box) => [box.id, place(box)]));
}

/** Give all neighbours the same gap; the first and the last stay where they are. */
export function distribute(boxes: readonly Box[], direction: 'across' | 'down'): Positions {
  const start = (box: Box): number => (direction === 'across' ? box.x : box.y);
  const extent = (box: Box): number => (direction === 'across' ? box.width : box.height);
  const sorted = [...boxes].sort((a, b) => start(a) - start(b));
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined || sorted.length < 3) return {};
  const total = sorted.reduce((sum, box) => sum + extent(box), 0);
  const gap = (start(last) + extent(last) - start(first) - total) / (sorted.length - 1);
  let next = start(first);
  const placed = sorted.map((box): [string, Position] => {
    const position = direction === 'across' ? { x: next, y: box.y } : { x: box.x, y: next };
    next += extent(box) + gap;
    return [box.id, position];
  });
  return Object.fromEntries(placed);
}

export interface Grid {
  readonly column_px: number;
  readonly row_px: number;
}

/**
 * Place nodes in columns by their distance from the inputs, in linear time.
 *
 * Shown at once when positions are missing; crossings are left to the thorough layout.
 */
export function layOutQuickly(scope: Scope, { column_px, row_px }: Grid): Positions {
  const columns = columnsOf(scope);
  const rows = new Map<number, number>();
  const placed = [...columns].map(([nodeId, column]): [string, Position] => {
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    return [nodeId, { x: column * column_px, y: row * row_px }];
  });
  return Object.fromEntries(placed);
}

/** The longest way from an input to each node, in edges. Nodes on a cycle come last. */
function columnsOf(scope: Scope): Map<string, number> {
  const waiting = new Map(
    Object.keys(scope.nodes).map((id) => [id, edgesInto(scope, id).length] as const),
  );
  const columns = new Map<string, number>();
  const queue = [...waiting].flatMap(([id, count]) => (count === 0 ? [id] : []));
  for (const id of queue) columns.set(id, 0);
  for (let index = 0; index < queue.length; index += 1) {
    const nodeId = queue[index];
    if (nodeId === undefined) break;
    const column = columns.get(nodeId) ?? 0;
    for (const { edge } of edgesOutOf(scope, nodeId)) {
      const target = edge.target.node;
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      columns.set(target, Math.max(columns.get(target) ?? 0, column + 1));
      if (left === 0) queue.push(target);
    }
  }
  for (const id of Object.keys(scope.nodes)) if (!columns.has(id)) columns.set(id, 0);
  return columns;
}
