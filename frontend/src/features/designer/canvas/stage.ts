/**
 * What a canvas shows: its own scope and, in place of cards, the blocks expanded on it. Each of
 * these scopes is a scene of its own, placed; the document knows nothing of it.
 */

import { findScope, scopeOf } from '../document/scope';
import type { PortsOf } from '../document/ports';
import type { Document, Position, Scope } from '../document/types';
import type { Step } from '../state/editor';
import { blockRoom, type Content } from './expansion';
import type { Rect } from './geometry';
import { Room } from './room';
import {
  cardsOf,
  framesOf,
  wiresOf,
  type Card,
  type Moved,
  type PlacedFrame,
  type Scene,
} from './scene';

/** One scope of what a canvas shows, at its place. */
export interface PlacedScope {
  /** From the canvas to this scope; empty for the canvas itself. */
  readonly steps: readonly Step[];
  /** The same as part of a path: `instance/inner/`. */
  readonly prefix: string;
  readonly scopeId: string | null;
  /** By ids of the document, at the places on the canvas. */
  readonly scene: Scene;
  /** The frame around it; null for the canvas itself. */
  readonly area: Rect | null;
  readonly toDocument: (drawn: Rect, id?: string) => Position;
  readonly toDrawn: (rect: Rect) => Rect;
}

export interface Stage {
  /** The canvas first, each before what lies in it. */
  readonly scopes: readonly PlacedScope[];
  /** All of it as one scene, by path. */
  readonly all: Scene;
}

export interface StageSource {
  readonly document: Document;
  readonly scopeId: string | null;
  readonly portsOf: PortsOf;
  /** Paths that are expanded, from this canvas on. */
  readonly expanded: ReadonlySet<string>;
  /** Room that every card has below its body. */
  readonly below: number;
}

/** A scope with what is expanded in it, before anything is dragged. */
export interface Arranged {
  readonly source: StageSource;
  readonly scopeId: string | null;
  readonly scope: Scope;
  readonly steps: readonly Step[];
  readonly prefix: string;
  readonly cards: ReadonlyMap<string, Card>;
  readonly frames: readonly PlacedFrame[];
  readonly children: ReadonlyMap<string, Arranged>;
  readonly content: ReadonlyMap<string, Content>;
  readonly room: Room;
}

/** Lay out what is expanded; `place` then puts it where things are being dragged. */
export function arrange(source: StageSource): Arranged {
  return arrangeScope(source, source.scopeId, []);
}

function arrangeScope(
  source: StageSource,
  scopeId: string | null,
  steps: readonly Step[],
): Arranged {
  const { document, portsOf, expanded, below } = source;
  const scope = scopeOf(document, scopeId);
  const prefix = steps.map(({ instanceId }) => `${instanceId}/`).join('');
  const plain = cardsOf(document, scope, portsOf, undefined, below);
  const children = new Map<string, Arranged>();
  for (const [id, { node }] of expanded.size === 0 ? [] : plain) {
    const { block } = node;
    if (block === null || !expanded.has(prefix + id)) continue;
    if (findScope(document, block) === undefined) continue;
    const inner = [...steps, { instanceId: id, blockId: block }];
    children.set(id, arrangeScope(source, block, inner));
  }
  const content = new Map(
    [...children].flatMap(([id, child]) => {
      const card = plain.get(id);
      return card === undefined ? [] : [[id, blockRoom(card, child.cards, child.frames)] as const];
    }),
  );
  const room = new Room([...content.values()].map(({ opening }) => opening));
  const cards = new Map(
    [...plain].map(([id, card]) => [id, opened(card, room, content.get(id))] as const),
  );
  const placed = framesOf(document, scopeId, plain, below);
  const frames = placed.map((frame) => ({ ...frame, ...room.stretched(frame) }));
  return { source, scopeId, scope, steps, prefix, cards, frames, children, content, room };
}

/** A card where the room for others puts it; as a frame when its block is expanded. */
function opened(card: Card, room: Room, content: Content | undefined): Card {
  if (room.isNone) return card;
  const place = room.drawn(card, card.id);
  if (content === undefined) return { ...card, ...place };
  const { opening, size, axis } = content;
  return { ...card, x: place.x, y: place.y - opening.above, ...size, axis, leads: [] };
}

/** @param moved Places of what is being dragged, by path. */
export function place(arranged: Arranged, moved: Moved = new Map()): Stage {
  const scopes: PlacedScope[] = [];
  placeScope(arranged, { x: 0, y: 0 }, null, moved, scopes);
  const [only, ...more] = scopes;
  const all = only !== undefined && more.length === 0 ? only.scene : merged(scopes);
  return { scopes, all };
}

function placeScope(
  arranged: Arranged,
  origin: Position,
  area: Rect | null,
  moved: Moved,
  scopes: PlacedScope[],
): Scene {
  const { prefix, scope, source, room, steps, scopeId } = arranged;
  const at = (id: string, rect: Position): Position =>
    moved.get(prefix + id) ?? { x: rect.x + origin.x, y: rect.y + origin.y };
  const isStill = moved.size === 0 && origin.x === 0 && origin.y === 0;
  const cards = new Map(
    isStill
      ? arranged.cards
      : [...arranged.cards].map(([id, card]) => [id, { ...card, ...at(id, card) }] as const),
  );
  const index = scopes.length;
  const inner: PlacedScope[] = [];
  for (const [id, child] of arranged.children) {
    const card = cards.get(id);
    const content = arranged.content.get(id);
    if (card === undefined || content === undefined) continue;
    const start = { x: card.x + content.origin.x, y: card.y + content.origin.y };
    const scene = placeScope(child, start, card, moved, inner);
    cards.set(id, { ...card, leads: content.leads(card, scene.cards) });
  }
  const scene = {
    cards,
    wires: wiresOf(scope, cards, source.below),
    frames: isStill
      ? arranged.frames
      : arranged.frames.map((frame) => ({ ...frame, ...at(frame.id, frame) })),
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
  scopes.splice(index, 0, { steps, prefix, scopeId, scene, area, toDocument, toDrawn });
  scopes.push(...inner);
  return scene;
}

function merged(scopes: readonly PlacedScope[]): Scene {
  return {
    cards: new Map(
      scopes.flatMap(({ prefix, scene }) =>
        [...scene.cards].map(([id, card]) => [prefix + id, { ...card, id: prefix + id }] as const),
      ),
    ),
    wires: scopes.flatMap(({ prefix, scene }) =>
      scene.wires.map((wire) => ({ ...wire, id: prefix + wire.id })),
    ),
    frames: scopes.flatMap(({ scene }) => scene.frames),
  };
}

/** The innermost scope that is drawn at a point. */
export function scopeAt(stage: Stage, point: Position): PlacedScope | undefined {
  return stage.scopes.findLast(({ area }) => area === null || isWithin(area, point));
}

export function scopeOfPath(stage: Stage, path: string): PlacedScope | undefined {
  const prefix = path.slice(0, path.lastIndexOf('/') + 1);
  return stage.scopes.find((each) => each.prefix === prefix);
}

function isWithin({ x, y, width, height }: Rect, point: Position): boolean {
  return point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
}

