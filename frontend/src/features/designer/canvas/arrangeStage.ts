/** Laying out a scope with what is expanded in it, before anything is dragged. */

import { findScope, scopeOf } from '../document/scope';
import type { Scope } from '../document/types';
import type { Step } from '../state/editorPlace';
import { blockRoom, type Content } from './expansion';
import { Room } from './room';
import { cardsOf, framesOf, type Card, type PlacedFrame } from './scene';
import type { StageSource } from './stage';

export interface Arranged {
  readonly source: StageSource;
  readonly scopeId: string | null;
  readonly scope: Scope;
  readonly steps: readonly Step[];
  readonly prefix: string;
  /** As if nothing were expanded. */
  readonly plain: ReadonlyMap<string, Card>;
  readonly cards: ReadonlyMap<string, Card>;
  readonly frames: readonly PlacedFrame[];
  readonly children: ReadonlyMap<string, Arranged>;
  readonly content: ReadonlyMap<string, Content>;
  readonly room: Room;
}

/**
 * Lay out what is expanded; `place` then puts it where things are being dragged.
 *
 * @param known The same canvas before an edit: cards that came out the same keep their object.
 */
export function arrange(source: StageSource, known?: Arranged): Arranged {
  return arrangeScope(source, source.scopeId, [], known);
}

function arrangeScope(
  source: StageSource,
  scopeId: string | null,
  steps: readonly Step[],
  known: Arranged | undefined,
): Arranged {
  const { document, portsOf, expanded, below } = source;
  const scope = scopeOf(document, scopeId);
  const prefix = steps.map(({ instanceId }) => `${instanceId}/`).join('');
  const plain = cardsOf(
    document,
    scope,
    portsOf,
    undefined,
    below,
    known === undefined ? undefined : { nodes: known.scope.nodes, cards: known.plain },
  );
  const children = new Map<string, Arranged>();
  for (const [id, { node }] of expanded.size === 0 ? [] : plain) {
    const { block } = node;
    if (block === null || !expanded.has(prefix + id)) continue;
    if (findScope(document, block) === undefined) continue;
    const inner = [...steps, { instanceId: id, blockId: block }];
    children.set(id, arrangeScope(source, block, inner, known?.children.get(id)));
  }
  const content = new Map(
    [...children].flatMap(([id, child]) => {
      const card = plain.get(id);
      return card === undefined ? [] : [[id, blockRoom(card, child.cards, child.frames)] as const];
    }),
  );
  const room = new Room([...content.values()].map(({ opening }) => opening));
  const cards = room.isNone
    ? plain
    : new Map(
        [...plain].map(([id, card]) => {
          const made = opened(card, room, content.get(id));
          return [id, sameCard(known?.cards.get(id), made) ?? made] as const;
        }),
      );
  const placed = framesOf(document, scopeId, plain, below);
  const frames = placed.map((frame) => ({ ...frame, ...room.stretched(frame) }));
  return { source, scopeId, scope, steps, prefix, plain, cards, frames, children, content, room };
}

/** A card where the room for others puts it; as a frame when its block is expanded. */
function opened(card: Card, room: Room, content: Content | undefined): Card {
  const place = room.drawn(card, card.id);
  if (content === undefined) return { ...card, ...place };
  const { opening, size, axis } = content;
  return { ...card, x: place.x, y: place.y - opening.above, ...size, axis, leads: [] };
}

/** The card that was there when it is drawn the same; one that is drawn as a frame never is. */
export function sameCard(old: Card | undefined, made: Card): Card | undefined {
  const isSame =
    old?.node === made.node &&
    old.ports === made.ports &&
    old.x === made.x &&
    old.y === made.y &&
    old.width === made.width &&
    old.height === made.height &&
    old.axis === made.axis &&
    old.leads === null &&
    made.leads === null;
  return isSame ? old : undefined;
}
