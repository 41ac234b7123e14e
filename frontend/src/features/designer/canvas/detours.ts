/** Edges that would run through cards between their ends go below them instead. */

import type { Position } from '../document/types';
import { COLUMN_STEP, type Rect } from './geometry';

const BAND_PX = 128;
const CLEARANCE = 18;
const LANE_STEP = 8;
const LANES = 4;

/** Finds detours; cards are sorted into bands once, so that each edge looks at few of them. */
export class Detours {
  private readonly cards: Iterable<Rect>;
  private sorted: ReadonlyMap<number, readonly Rect[]> | null = null;

  constructor(cards: Iterable<Rect>) {
    this.cards = cards;
  }

  private get bands(): ReadonlyMap<number, readonly Rect[]> {
    this.sorted ??= sortedIntoBands(this.cards);
    return this.sorted;
  }

  /** The height at which to pass, or null when the direct way is free. */
  find(from: Position, to: Position): number | null {
    if (!mayPassCards({ from, to })) return null;
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
    const lane = Math.abs(Math.round(from.x / COLUMN_STEP)) % LANES;
    return below + CLEARANCE + lane * LANE_STEP;
  }
}

/** Whether there is room for a card between the two ends. */
export function mayPassCards({ from, to }: { readonly from: Position; readonly to: Position }): boolean {
  return to.x - from.x >= COLUMN_STEP;
}

function sortedIntoBands(cards: Iterable<Rect>): ReadonlyMap<number, readonly Rect[]> {
  const bands = new Map<number, Rect[]>();
  for (const card of cards) {
    const last = Math.floor((card.y + card.height) / BAND_PX);
    for (let band = Math.floor(card.y / BAND_PX); band <= last; band += 1) {
      const list = bands.get(band);
      if (list === undefined) bands.set(band, [card]);
      else list.push(card);
    }
  }
  return bands;
}

/** Whether the straight line meets the card somewhere along its width. */
function crosses(card: Rect, from: Position, to: Position): boolean {
  const slope = (to.y - from.y) / (to.x - from.x);
  const left = from.y + slope * (card.x - from.x);
  const right = from.y + slope * (card.x + card.width - from.x);
  return Math.max(left, right) > card.y && Math.min(left, right) < card.y + card.height;
}
