/** Putting what was laid out where things are being dragged. */

import { edgesInto, edgesOutOf } from '../document/scope';
import type { Position } from '../document/types';
import { sameCard, type Arranged } from './arrangeStage';
import { curveBetween, type Rect } from './geometry';
import { portPlace, wiresOf, type Card, type Moved, type Scene, type Wire } from './scene';
import type { PlacedScope, Stage } from './stage';

interface Known {
  readonly arranged: Arranged;
  readonly stage: Stage;
}

interface Placing {
  readonly moved: Moved;
  /** Scopes of what was drawn before, with what they were made of, by prefix. */
  readonly before: ReadonlyMap<string, { readonly scene: Scene; readonly arranged: Arranged }>;
  /** In the order of the stage. */
  readonly scopes: PlacedScope[];
}

/**
 * @param moved Places of what is being dragged, by path.
 * @param known What was drawn before: cards and wires that came out the same keep their object.
 */
export function place(arranged: Arranged, moved: Moved = new Map(), known?: Known): Stage {
  const placing: Placing = { moved, before: scopesOf(known), scopes: [] };
  placeScope(arranged, { x: 0, y: 0 }, null, placing);
  const [only, ...more] = placing.scopes;
  const all = only !== undefined && more.length === 0 ? only.scene : merged(placing.scopes);
  return { scopes: placing.scopes, all };
}

function scopesOf(known: Known | undefined): Placing['before'] {
  const found = new Map<string, { scene: Scene; arranged: Arranged }>();
  const scenes = new Map(known?.stage.scopes.map(({ prefix, scene }) => [prefix, scene] as const));
  const visit = (arranged: Arranged): void => {
    const scene = scenes.get(arranged.prefix);
    if (scene !== undefined) found.set(arranged.prefix, { scene, arranged });
    for (const child of arranged.children.values()) visit(child);
  };
  if (known !== undefined) visit(known.arranged);
  return found;
}

function placeScope(
  arranged: Arranged,
  origin: Position,
  area: Rect | null,
  placing: Placing,
): Scene {
  const { prefix, room, steps, scopeId } = arranged;
  const { scopes, moved } = placing;
  const placed = placedCards(arranged, origin, placing);
  const index = scopes.length;
  const opened = new Map<string, Card>();
  for (const [id, child] of arranged.children) {
    const card = placed.get(id);
    const content = arranged.content.get(id);
    if (card === undefined || content === undefined) continue;
    const start = { x: card.x + content.origin.x, y: card.y + content.origin.y };
    const scene = placeScope(child, start, card, placing);
    opened.set(id, { ...card, leads: content.leads(card, scene.cards) });
  }
  const cards = opened.size === 0 ? placed : new Map([...placed, ...opened]);
  const isStill = moved.size === 0 && origin.x === 0 && origin.y === 0;
  const scene = {
    ...cardsAndWires(arranged, cards, placing),
    frames: isStill
      ? arranged.frames
      : arranged.frames.map((frame) => {
          const shifted = { x: frame.x + origin.x, y: frame.y + origin.y };
          return { ...frame, ...(moved.get(prefix + frame.id) ?? shifted) };
        }),
  };
  const toDocument = (drawn: Rect, id?: string): Position => {
    const opening = id === undefined ? undefined : arranged.content.get(id)?.opening;
    const local = {
      ...drawn,
      x: drawn.x - origin.x,
      y: drawn.y - origin.y + (opening?.above ?? 0),
      height: opening?.height ?? drawn.height,
    };
    return room.isNone ? { x: local.x, y: local.y } : room.inDocument(local, id);
  };
  const toDrawn = (rect: Rect): Rect => {
    const { x, y, ...size } = room.stretched(rect);
    return { x: x + origin.x, y: y + origin.y, ...size };
  };
  // Before what lies in it.
  scopes.splice(index, 0, { steps, prefix, scopeId, scene, area, toDocument, toDrawn });
  return scene;
}

/** The cards of a scope where its origin and what is dragged put them. */
function placedCards(
  { prefix, cards }: Arranged,
  origin: Position,
  { moved, before }: Placing,
): ReadonlyMap<string, Card> {
  if (moved.size === 0 && origin.x === 0 && origin.y === 0) return cards;
  const placed = new Map(cards);
  if (origin.x !== 0 || origin.y !== 0) {
    const old = before.get(prefix)?.scene.cards;
    for (const [id, card] of cards) {
      const shifted = { ...card, x: card.x + origin.x, y: card.y + origin.y };
      placed.set(id, sameCard(old?.get(id), shifted) ?? shifted);
    }
  }
  for (const [path, place] of moved) {
    if (!path.startsWith(prefix)) continue;
    const id = path.slice(prefix.length);
    const card = cards.get(id);
    if (card !== undefined) placed.set(id, { ...card, ...place });
  }
  return placed;
}

/** Of a drag only the wires of what moves are made anew, and these without looking for detours. */
function cardsAndWires(
  arranged: Arranged,
  placed: ReadonlyMap<string, Card>,
  { moved, before }: Placing,
): Pick<Scene, 'cards' | 'wires'> {
  const { scope, source } = arranged;
  const old = before.get(arranged.prefix);
  const isKnown = old !== undefined && old.arranged.scope.edges === scope.edges;
  if (moved.size > 0 && isKnown) {
    return { cards: placed, wires: draggedWires(arranged, placed, old.scene) };
  }
  // The same map when all of it is the same, so that nothing else is made anew for it.
  const isSame = old?.scene.cards === placed || areSame(placed, old?.scene.cards);
  const cards = isSame && old !== undefined ? old.scene.cards : placed;
  const known =
    old === undefined ? undefined : { ...old.scene, edges: old.arranged.scope.edges };
  const isSameRoom = old?.arranged.source.below === source.below;
  return { cards, wires: wiresOf(scope, cards, source.below, isSameRoom ? known : undefined) };
}

function areSame(a: ReadonlyMap<string, Card>, b: ReadonlyMap<string, Card> | undefined): boolean {
  if (b?.size !== a.size) return false;
  for (const [id, card] of a) if (b.get(id) !== card) return false;
  return true;
}

function draggedWires(
  { scope, source }: Arranged,
  cards: ReadonlyMap<string, Card>,
  still: Scene,
): readonly Wire[] {
  const touched = new Set<string>();
  for (const [id, card] of cards) {
    if (still.cards.get(id) === card) continue;
    for (const { id: edgeId } of edgesInto(scope, id)) touched.add(edgeId);
    for (const { id: edgeId } of edgesOutOf(scope, id)) touched.add(edgeId);
  }
  if (touched.size === 0) return still.wires;
  return still.wires.map((wire) => {
    if (!touched.has(wire.id)) return wire;
    const { source: start, target: end } = wire.edge;
    const [from, to] = [cards.get(start.node), cards.get(end.node)];
    if (from === undefined || to === undefined) return wire;
    const curve = curveBetween(
      portPlace(from, 'outputs', start.port),
      portPlace(to, 'inputs', end.port),
      null,
      source.below,
    );
    return { ...wire, curve };
  });
}

/** Of the canvas itself the path is the id. */
function withPath<T extends Card | Wire>(prefix: string, thing: T): T {
  return prefix === '' ? thing : { ...thing, id: prefix + thing.id };
}

function merged(scopes: readonly PlacedScope[]): Scene {
  return {
    cards: new Map(
      scopes.flatMap(({ prefix, scene }) =>
        [...scene.cards.values()].map((card) => {
          const made = withPath(prefix, card);
          return [made.id, made] as const;
        }),
      ),
    ),
    wires: scopes.flatMap(({ prefix, scene }) =>
      scene.wires.map((wire) => withPath(prefix, wire)),
    ),
    frames: scopes.flatMap(({ scene }) => scene.frames),
  };
}
