/** Where layers that are gone are drawn, beside those that took their place. */

import type { Rect } from '../canvas/geometry';
import type { Moved, Scene } from '../canvas/scene';
import type { Position } from '../document/types';

const GAP_PX = 32;
const MAX_TRIES = 12;

/**
 * Layers that are still there stand where they are now; one that is gone stands where it was, or
 * above or below when that place is taken.
 */
export function ghostPlaces(now: Scene, before: Scene): Moved {
  const places = new Map<string, Position>();
  const taken: Rect[] = [...now.cards.values()];
  for (const [id, card] of before.cards) {
    const present = now.cards.get(id);
    if (present !== undefined) {
      places.set(id, { x: present.x, y: present.y });
      continue;
    }
    const place = freePlace(card, taken);
    taken.push({ ...place, width: card.width, height: card.height });
    places.set(id, place);
  }
  return places;
}

function freePlace(card: Rect, taken: readonly Rect[]): Position {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const steps = Math.ceil(attempt / 2) * (attempt % 2 === 1 ? -1 : 1);
    const place = { x: card.x, y: card.y + steps * (card.height + GAP_PX) };
    const isTaken = taken.some(
      (other) =>
        place.x < other.x + other.width &&
        other.x < place.x + card.width &&
        place.y < other.y + other.height &&
        other.y < place.y + card.height,
    );
    if (!isTaken) return place;
  }
  return { x: card.x, y: card.y };
}
