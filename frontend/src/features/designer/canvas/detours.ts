/** Edges that would run through cards between their ends go below them instead. */

import type { Position } from '../document/types';
import { COLUMN_STEP, type Rect } from './geometry';

const BAND_PX = 128;
const CLEARANCE = 18;
const LANE_STEP = 8;
const LANES = 4;

/** Finds detours; cards are sorted into bands once, so that each edge looks at few of them. */
export class Detours {
  private readonly bands = new Map<number, Rect[]>();
  private count = 0;

  constructor(cards: Iterable<Rect>) {
    for (const card of cards) {
      const last = Math.floor((card.y + card.height) / BAND_PX);
      for (let band = Math.floor(card.y / BAND_PX); band <= last; band += 1) {
        const list = this.bands.get(band);
        if (list === undefined) this.bands.set(band, [card]);
        else list.push(card);
      }
    }
  }

  /** The height at which to pass, or null when the direct way is free. */
  find(from: Position, to: Position): number | null {
    if (to.x - from.x < COLUMN_STEP) return null;
    const top = Math.min(from.y, to.y);
    const bottom = Math.max(from.y, to.y);
    let below = -Infinity;
    const last = Math.floor(bottom / BAND_PX);
    for (let band = Math.floor(top / BAND_PX); band <= last; band += 1) {
      for (const card of this.bands.get(band) ?? []) {
        const isBetween = card.x > from.x && card.x + card.width < to.x;
        if (isBetween && crosses(card, from, to)) below = Math.max(below, card.y + card.height);
      }
    }
    if (below === -Infinity) return null;
    this.count += 1;
    return below + CLEARANCE + (this.count % LANES) * LANE_STEP;
  }
}

/** Whether the straight line meets the card somewhere along its width. */
function crosses(card: Rect, from: Position, to: Position): boolean {
  const slope = (to.y - from.y) / (to.x - from.x);
  const left = from.y + slope * (card.x - from.x);
  const right = from.y + slope * (card.x + card.width - from.x);
  return Math.max(left, right) > card.y && Math.min(left, right) < card.y + card.height;
}
