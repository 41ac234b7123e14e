/** Where new layers go, and adding them with one connection where that is what is meant. */

import { insertAtPort, insertNode, insertOnEdge } from '../document/insert';
import { lookup } from '../document/records';
import type { Spacing } from '../document/room';
import { edgesOutOf } from '../document/scope';
import type { Document, Endpoint, Node, Position } from '../document/types';
import {
  CARD_HEIGHT,
  CARD_WIDTH,
  cardHeight,
  COLUMN_STEP,
  GRID,
  ROW_STEP,
  type Size,
} from '../canvas/geometry';
import { portsIn, type PortsOf } from '../document/ports';
import type { Designer } from './DesignerContext';
import { pathPrefixOf } from './editorPlace';
import { readyFor, type Wanted } from './insertable';

const snap = (value: number): number => Math.round(value / GRID) * GRID;

export function snapped({ x, y }: Position): Position {
  return { x: snap(x), y: snap(y) };
}

/** How large this designer's cards are, for what makes room for them. */
export function spacingFor(portsOf: PortsOf): Spacing {
  return {
    step_px: COLUMN_STEP,
    gap_px: ROW_STEP - CARD_HEIGHT,
    width_px: CARD_WIDTH,
    heightOf: (node) => cardHeight(portsOf(node)),
  };
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

interface Prepared {
  readonly document: Document;
  readonly portsOf: PortsOf;
}

/** The document with what `wanted` needs, and the ports of everything in it. */
function prepare(designer: Designer, wanted: Wanted): Prepared {
  const document = readyFor(designer, wanted);
  return { document, portsOf: portsIn(document, designer.catalog.layerPorts) };
}

/** The node as wide as what arrives from `source`, where it has to agree with that. */
function fitted({ editor, live }: Designer, wanted: Wanted, source: Endpoint): Node {
  const { node, follows } = wanted;
  const path = pathPrefixOf(editor.state) + source.node;
  const dims = lookup(live.store.getState().nodes, path)?.outputs[source.port] ?? [];
  const size = dims.find(({ axis }) => axis === 'C') ?? dims.find(({ axis }) => axis === 'F');
  if (follows.length === 0 || typeof size?.size !== 'number') return node;
  const width = size.size;
  const overrides = Object.fromEntries(follows.map((name) => [name, width]));
  return { ...node, overrides: { ...node.overrides, ...overrides } };
}

/** Add a layer whose middle is at `point`. */
export function addAt(designer: Designer, wanted: Wanted, point: Position): string {
  const { editor } = designer;
  const place = freePlace(designer, {
    x: point.x - CARD_WIDTH / 2,
    y: point.y - CARD_HEIGHT / 2,
  });
  const { document } = prepare(designer, wanted);
  const { nodeId, operations } = insertNode(document, editor.scopeId, wanted.node, place);
  editor.perform(`Add ${wanted.node.name}`, [...wanted.setup, ...operations], {
    select: [nodeId],
  });
  return nodeId;
}

export function addOnEdge(designer: Designer, wanted: Wanted, edgeId: string): boolean {
  const { editor } = designer;
  const { document, portsOf } = prepare(designer, wanted);
  const source = lookup(editor.scope.edges, edgeId)?.source;
  const node = source === undefined ? wanted.node : fitted(designer, wanted, source);
  const spacing = spacingFor(portsOf);
  const insertion = insertOnEdge(document, editor.scopeId, edgeId, node, portsOf, spacing);
  if (insertion === null) {
    editor.say(`${node.name} needs an input and an output to sit on a connection.`);
    return false;
  }
  return editor.perform(`Insert ${node.name}`, [...wanted.setup, ...insertion.operations], {
    select: [insertion.nodeId],
  });
}

export function addAtPort(
  designer: Designer,
  wanted: Wanted,
  end: Endpoint,
  direction: 'after' | 'before',
  at: Position | null,
): boolean {
  const { editor } = designer;
  const { document, portsOf } = prepare(designer, wanted);
  const node = direction === 'after' ? fitted(designer, wanted, end) : wanted.node;
  const origin = lookup(document.view.positions, end.node) ?? { x: 0, y: 0 };
  const step = direction === 'after' ? COLUMN_STEP : -COLUMN_STEP;
  const place = freePlace(designer, at ?? { x: origin.x + step, y: origin.y });
  const { scopeId } = editor;
  const insertion = insertAtPort(document, scopeId, end, direction, node, portsOf, place);
  if (insertion === null) {
    editor.say(`${node.name} has no port for this connection.`);
    return false;
  }
  return editor.perform(`Add ${node.name}`, [...wanted.setup, ...insertion.operations], {
    select: [insertion.nodeId],
  });
}

/**
 * Add a layer the obvious way: behind the one selected layer, on the selected connection, else in
 * the middle of what is seen.
 */
export function addSensibly(designer: Designer, wanted: Wanted): void {
  const { editor, panels } = designer;
  const { nodeIds, edgeIds } = editor.state;
  const [edgeId] = edgeIds;
  if (nodeIds.size === 0 && edgeIds.size === 1 && edgeId !== undefined) {
    addOnEdge(designer, wanted, edgeId);
    return;
  }
  const { portsOf } = prepare(designer, wanted);
  const [nodeId] = nodeIds;
  const node = nodeId === undefined ? undefined : lookup(editor.scope.nodes, nodeId);
  const takesInput = portsOf(wanted.node).inputs.length > 0;
  if (nodeIds.size === 1 && nodeId !== undefined && node !== undefined && takesInput) {
    const [port] = portsOf(node).outputs;
    const [following, ...more] = edgesOutOf(editor.scope, nodeId);
    const passes = portsOf(wanted.node).outputs.length > 0;
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
