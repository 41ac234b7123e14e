/** One scope of a document as things with a place: what both the DOM and the canvas layer draw. */

import { layOutQuickly } from '../document/arrange';
import type { NodePorts, PortsOf } from '../document/ports';
import { lookup } from '../document/records';
import type { Document, Edge, Frame, Node, Position, Scope } from '../document/types';
import { Detours, mayPassCards } from './detours';
import {
  CARD_WIDTH,
  cardHeight,
  COLUMN_STEP,
  curveBetween,
  curveBounds,
  distanceToCurve,
  portY,
  ROW_STEP,
  type Curve,
  type Rect,
} from './geometry';

export interface Card extends Rect {
  readonly id: string;
  readonly node: Node;
  readonly ports: NodePorts;
  /** Height of the part that has the ports; a preview hangs below it. */
  readonly body: number;
  /** From the top of the card to the middle of its ports. */
  readonly axis: number;
  /** Its block is drawn in place: from its ports to the inputs and outputs within. */
  readonly leads: readonly Curve[] | null;
}

export interface Wire {
  readonly id: string;
  readonly edge: Edge;
  readonly curve: Curve;
}

export interface PlacedFrame extends Rect {
  readonly id: string;
  readonly frame: Frame;
}

/** Wires as they were, with the cards they join. */
export interface KnownWires {
  readonly edges: Scope['edges'];
  readonly cards: ReadonlyMap<string, Card>;
  readonly wires: readonly Wire[];
}

export interface Scene {
  readonly cards: ReadonlyMap<string, Card>;
  readonly wires: readonly Wire[];
  readonly frames: readonly PlacedFrame[];
}

export type Moved = ReadonlyMap<string, Position>;
const NOT_MOVED: Moved = new Map();
const ORIGIN: Position = { x: 0, y: 0 };
/** At most so much is left below a card that a preview made taller. */
const FRAME_MARGIN = 16;

/**
 * @param moved Places of what is being dragged; they are not in the document yet.
 * @param below Room that every card has below its body.
 */
export function makeScene(
  document: Document,
  scopeId: string | null,
  scope: Scope,
  portsOf: PortsOf,
  moved: Moved = NOT_MOVED,
  below = 0,
): Scene {
  const cards = cardsOf(document, scope, portsOf, moved, below);
  const frames = framesOf(document, scopeId, cards, below, moved);
  return { cards, wires: wiresOf(scope, cards, below), frames };
}

/** Cards as they were, with the nodes they were made of. */
export interface KnownCards {
  readonly nodes: Scope['nodes'];
  readonly cards: ReadonlyMap<string, Card>;
}

/** @param known What was made before: a card that came out the same keeps its object. */
export function cardsOf(
  document: Document,
  scope: Scope,
  portsOf: PortsOf,
  moved: Moved = NOT_MOVED,
  below = 0,
  known?: KnownCards,
): ReadonlyMap<string, Card> {
  let missing: ReadonlyMap<string, Position> | null = null;
  const placeOf = (id: string): Position => {
    const place = moved.get(id) ?? lookup(document.view.positions, id);
    if (place !== undefined) return place;
    missing ??= missingPositions(document, scope);
    return missing.get(id) ?? ORIGIN;
  };
  const cardOf = (id: string, node: Node, old: Card | undefined): Card => {
    const { x, y } = placeOf(id);
    const isSame = old?.node === node && old.x === x && old.y === y && node.block === null;
    if (isSame && old.height === old.body + below) return old;
    const ports = portsOf(node);
    const body = cardHeight(ports);
    const size = { width: CARD_WIDTH, height: body + below };
    return { id, node, ports, x, y, ...size, body, axis: body / 2, leads: null };
  };
  if (known?.nodes === scope.nodes) return changedIn(known.cards, cardOf);
  const cards = new Map<string, Card>();
  let isSame = true;
  for (const [id, node] of Object.entries(scope.nodes)) {
    const old = known?.cards.get(id);
    const card = cardOf(id, node, old);
    isSame &&= card === old;
    cards.set(id, card);
  }
  return known !== undefined && isSame && cards.size === known.cards.size ? known.cards : cards;
}

/** The cards of the same nodes; the same map where none has changed. */
function changedIn(
  cards: ReadonlyMap<string, Card>,
  cardOf: (id: string, node: Node, old: Card) => Card,
): ReadonlyMap<string, Card> {
  const changed: Card[] = [];
  for (const [id, old] of cards) {
    const card = cardOf(id, old.node, old);
    if (card !== old) changed.push(card);
  }
  if (changed.length === 0) return cards;
  const made = new Map(cards);
  for (const card of changed) made.set(card.id, card);
  return made;
}

/** @param known What was made before: wires between cards that are where they were stay. */
export function wiresOf(
  scope: Scope,
  cards: ReadonlyMap<string, Card>,
  below: number,
  known?: KnownWires,
): readonly Wire[] {
  if (known?.cards === cards && known.edges === scope.edges) return known.wires;
  const detours = new Detours(cards.values());
  const opened = [...cards.values()].filter(({ leads }) => leads !== null);
  const before = opened.length === 0 ? known : undefined;
  const changed = changesOf(cards, before?.cards);
  const around = [...changed.values()].flat();
  const wireOf = (id: string, edge: Edge, old: Wire | undefined): Wire | null => {
    const isStill =
      old?.edge === edge && !changed.has(edge.source.node) && !changed.has(edge.target.node);
    if (isStill && !(mayPassCards(old.curve) && mayTouch(old.curve, around))) return old;
    const source = cards.get(edge.source.node);
    const target = cards.get(edge.target.node);
    if (source === undefined || target === undefined) return null;
    const from = portPlace(source, 'outputs', edge.source.port);
    const to = portPlace(target, 'inputs', edge.target.port);
    const direct = curveBetween(from, to, detours.find(from, to), below);
    const curve = opened.length === 0 ? direct : besideFrames(direct, opened);
    return isStill && old.curve.lane === curve.lane ? old : { id, edge, curve };
  };
  const areCardsTheSame = [...changed.values()].every(({ length }) => length === 2);
  if (before !== undefined && before.edges === scope.edges && areCardsTheSame) {
    return before.wires.map((old) => wireOf(old.id, old.edge, old) ?? old);
  }
  const wires: Wire[] = [];
  let at = 0;
  for (const [id, edge] of Object.entries(scope.edges)) {
    // Wires keep their order, but for those that went away.
    if (before?.wires[at + 1]?.id === id) at += 1;
    const old = before?.wires[at]?.id === id ? before.wires[at] : undefined;
    if (old !== undefined) at += 1;
    const wire = wireOf(id, edge, old);
    if (wire !== null) wires.push(wire);
  }
  return wires;
}

/** Cards that are not as they were, or gone, at their old and new places. */
function changesOf(
  cards: ReadonlyMap<string, Card>,
  before: ReadonlyMap<string, Card> | undefined,
): ReadonlyMap<string, readonly Card[]> {
  const changed = new Map<string, Card[]>();
  if (before === undefined) return changed;
  for (const [id, card] of cards) {
    const old = before.get(id);
    if (old !== card) changed.set(id, old === undefined ? [card] : [old, card]);
  }
  for (const [id, old] of before) if (!cards.has(id)) changed.set(id, [old]);
  return changed;
}

/** Beyond so many it is quicker to look for all detours again. */
const FEW = 64;

/** Whether one of these may lie, or have lain, in the way of a connection. */
function mayTouch({ from, to }: Curve, cards: readonly Rect[]): boolean {
  if (cards.length > FEW) return true;
  const top = Math.min(from.y, to.y);
  const bottom = Math.max(from.y, to.y);
  return cards.some(
    ({ x, y, width, height }) =>
      x < to.x && x + width > from.x && y <= bottom && y + height >= top,
  );
}

const FRAME_GAP = 12;

/** Where it leads back, a connection runs above or below blocks that are drawn in place. */
function besideFrames(curve: Curve, frames: readonly Card[]): Curve {
  const { from, to, lane } = curve;
  if (lane === null) return curve;
  const [left, right] = [Math.min(from.x, to.x) - curve.bend, Math.max(from.x, to.x) + curve.bend];
  const crossed = frames.find(
    ({ x, y, width, height }) =>
      x < right && x + width > left && lane > y - FRAME_GAP && lane < y + height + FRAME_GAP,
  );
  if (crossed === undefined) return curve;
  const above = crossed.y - FRAME_GAP;
  const isOnTheWay = above > Math.min(from.y, to.y) && above < Math.max(from.y, to.y);
  return { ...curve, lane: isOnTheWay ? above : crossed.y + crossed.height + FRAME_GAP };
}

export function framesOf(
  document: Document,
  scopeId: string | null,
  cards: ReadonlyMap<string, Card>,
  below: number,
  moved: Moved = NOT_MOVED,
): PlacedFrame[] {
  return Object.entries(document.view.frames).flatMap(([id, frame]): PlacedFrame[] => {
    if (frame.scope !== scopeId) return [];
    const { x, y } = moved.get(id) ?? frame;
    const drawn = { x, y, width: frame.width_px, height: frame.height_px };
    return [{ id, frame, ...drawn, height: grownHeight(drawn, cards.values(), below) }];
  });
}

/** The height of a frame that still holds its cards when they have become taller. */
function grownHeight(frame: Rect, cards: Iterable<Card>, below: number): number {
  if (below === 0) return frame.height;
  const [right, bottom] = [frame.x + frame.width, frame.y + frame.height];
  let height = frame.height;
  for (const card of cards) {
    const isHeld =
      card.x >= frame.x &&
      card.y >= frame.y &&
      card.x + card.width <= right &&
      card.y + card.body <= bottom;
    const margin = Math.min(FRAME_MARGIN, bottom - card.y - card.body);
    if (isHeld) height = Math.max(height, card.y + card.height + margin - frame.y);
  }
  return height;
}

export function portPlace(card: Card, side: 'inputs' | 'outputs', port: string): Position {
  const ports = card.ports[side];
  const index = Math.max(0, ports.indexOf(port));
  const y = card.y + portY(index, Math.max(1, ports.length), card.axis);
  return { x: side === 'inputs' ? card.x : card.x + card.width, y };
}

/** Nodes without a place, such as imported ones, get one until the person tidies or drags. */
function missingPositions(document: Document, scope: Scope): ReadonlyMap<string, Position> {
  const { positions } = document.view;
  const ids = Object.keys(scope.nodes).filter((id) => !Object.hasOwn(positions, id));
  if (ids.length === 0) return NOT_MOVED;
  const quick = layOutQuickly(scope, { column_px: COLUMN_STEP, row_px: ROW_STEP });
  const placed = Object.keys(scope.nodes).flatMap((id) => lookup(positions, id) ?? []);
  const below = placed.length === 0 ? 0 : Math.max(...placed.map(({ y }) => y)) + ROW_STEP;
  return new Map(
    ids.map((id) => {
      const { x, y } = lookup(quick, id) ?? { x: 0, y: 0 };
      return [id, { x, y: y + below }];
    }),
  );
}

export function cardAt(scene: Scene, point: Position): Card | null {
  for (const card of [...scene.cards.values()].reverse()) {
    const isInside =
      point.x >= card.x &&
      point.x <= card.x + card.width &&
      point.y >= card.y &&
      point.y <= card.y + card.height;
    if (isInside) return card;
  }
  return null;
}

/** The edge nearest to a point, when it is near enough to mean it. */
export function wireAt(scene: Scene, point: Position, reach: number): Wire | null {
  let nearest: Wire | null = null;
  let best = reach;
  for (const wire of scene.wires) {
    const { x, y, width, height } = curveBounds(wire.curve);
    const isNear =
      point.x >= x - reach &&
      point.x <= x + width + reach &&
      point.y >= y - reach &&
      point.y <= y + height + reach;
    if (!isNear) continue;
    const distance = distanceToCurve(wire.curve, point);
    if (distance > best) continue;
    best = distance;
    nearest = wire;
  }
  return nearest;
}

export interface Hit {
  readonly kind: 'node' | 'edge' | 'canvas';
  /** Empty beside everything. */
  readonly id: string;
}

/** What a drawing has at a point: layers lie over the connections between them. */
export function hitAt(scene: Scene, point: Position, reach: number): Hit {
  const card = cardAt(scene, point);
  if (card !== null) return { kind: 'node', id: card.id };
  const wire = wireAt(scene, point, reach);
  return wire === null ? { kind: 'canvas', id: '' } : { kind: 'edge', id: wire.id };
}

/** Cards that lie wholly within a rectangle. */
export function cardsWithin(scene: Scene, rect: Rect): Card[] {
  return [...scene.cards.values()].filter(
    (card) =>
      card.x >= rect.x &&
      card.y >= rect.y &&
      card.x + card.width <= rect.x + rect.width &&
      card.y + card.height <= rect.y + rect.height,
  );
}
