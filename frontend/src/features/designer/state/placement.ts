/** Where new layers go, and adding them with one connection where that is what is meant. */

import { insertAtPort, insertNode, insertOnEdge } from '../document/insert';
import { lookup } from '../document/records';
import { edgesOutOf } from '../document/scope';
import type { Endpoint, Node, Position } from '../document/types';
import {
  CARD_HEIGHT,
  CARD_WIDTH,
  COLUMN_STEP,
  GRID,
  ROW_STEP,
  type Size,
} from '../canvas/geometry';
import { portsOfDesigner, type Designer } from './DesignerContext';

const snap = (value: number): number => Math.round(value / GRID) * GRID;

export function snapped({ x, y }: Position): Position {
  return { x: snap(x), y: snap(y) };
}

/** The nearest place at or below `wanted` where a card, or a box as large, covers no card. */
export function freePlace(
  { editor }: Pick<Designer, 'editor'>,
  wanted: Position,
  { width, height }: Size = { width: CARD_WIDTH, height: CARD_HEIGHT },
): Position {
  const { positions } = editor.state.document.view;
  const placed = Object.keys(editor.scope.nodes).flatMap((id) => lookup(positions, id) ?? []);
  let place = snapped(wanted);
  const covers = ({ x, y }: Position): boolean =>
    x - place.x < width &&
    place.x - x < CARD_WIDTH &&
    y - place.y < height &&
    place.y - y < CARD_HEIGHT;
  while (placed.some(covers)) place = { x: place.x, y: place.y + ROW_STEP };
  return place;
}

/** Add a layer whose middle is at `point`. */
export function addAt(designer: Designer, wanted: Node, point: Position): string {
  const { editor } = designer;
  const place = freePlace(designer, {
    x: point.x - CARD_WIDTH / 2,
    y: point.y - CARD_HEIGHT / 2,
  });
  const { document } = editor.state;
  const { nodeId, operations } = insertNode(document, editor.scopeId, wanted, place);
  editor.perform(`Add ${wanted.name}`, operations, { select: [nodeId] });
  return nodeId;
}

export function addOnEdge(designer: Designer, wanted: Node, edgeId: string): boolean {
  const { editor } = designer;
  const insertion = insertOnEdge(
    editor.state.document,
    editor.scopeId,
    edgeId,
    wanted,
    portsOfDesigner(designer),
    { step_px: COLUMN_STEP },
  );
  if (insertion === null) {
    editor.say(`${wanted.name} needs an input and an output to sit on a connection.`);
    return false;
  }
  return editor.perform(`Insert ${wanted.name}`, insertion.operations, {
    select: [insertion.nodeId],
  });
}

export function addAtPort(
  designer: Designer,
  wanted: Node,
  end: Endpoint,
  direction: 'after' | 'before',
  at: Position | null,
): boolean {
  const { editor } = designer;
  const { document } = editor.state;
  const origin = lookup(document.view.positions, end.node) ?? { x: 0, y: 0 };
  const step = direction === 'after' ? COLUMN_STEP : -COLUMN_STEP;
  const place = freePlace(designer, at ?? { x: origin.x + step, y: origin.y });
  const insertion = insertAtPort(
    document,
    editor.scopeId,
    end,
    direction,
    wanted,
    portsOfDesigner(designer),
    place,
  );
  if (insertion === null) {
    editor.say(`${wanted.name} has no port for this connection.`);
    return false;
  }
  return editor.perform(`Add ${wanted.name}`, insertion.operations, {
    select: [insertion.nodeId],
  });
}

/**
 * Add a layer the obvious way: behind the one selected layer, on the selected connection, else in
 * the middle of what is seen.
 */
export function addSensibly(designer: Designer, wanted: Node): void {
  const { editor, panels } = designer;
  const { nodeIds, edgeIds } = editor.state;
  const [edgeId] = edgeIds;
  if (nodeIds.size === 0 && edgeIds.size === 1 && edgeId !== undefined) {
    addOnEdge(designer, wanted, edgeId);
    return;
  }
  const portsOf = portsOfDesigner(designer);
  const [nodeId] = nodeIds;
  const node = nodeId === undefined ? undefined : lookup(editor.scope.nodes, nodeId);
  const takesInput = portsOf(wanted).inputs.length > 0;
  if (nodeIds.size === 1 && nodeId !== undefined && node !== undefined && takesInput) {
    const [port] = portsOf(node).outputs;
    const [following, ...more] = edgesOutOf(editor.scope, nodeId);
    const passes = portsOf(wanted).outputs.length > 0;
    if (port !== undefined && following !== undefined && more.length === 0 && passes) {
      addOnEdge(designer, wanted, following.id);
      return;
    }
    if (port !== undefined) {
      addAtPort(designer, wanted, { node: nodeId, port }, 'after', null);
      return;
    }
  }
  addAt(designer, wanted, panels.canvas?.centre() ?? { x: 0, y: 0 });
}
