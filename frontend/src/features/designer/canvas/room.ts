/**
 * Room for what is drawn larger than its card: cards above and below its row move away from the
 * row, and those to its right move on. Where nothing lay over another nothing does afterwards.
 */

import { GRID, type Rect } from './geometry';
import type { Position } from '../document/types';

/** A card that is drawn larger: by how much, on each side of the card that the document has. */
export interface Opening extends Rect {
  readonly id: string;
  readonly above: number;
  readonly below: number;
  readonly right: number;
}

interface Row {
  top: number;
  bottom: number;
  above: number;
  below: number;
  /** From left to right. */
  openings: Opening[];
}

/** Values from `low` to `high` are drawn moved by `shift`. */
interface Zone {
  readonly low: number;
  readonly high: number;
  /** Where something ends up that was dropped beyond `high`. */
  readonly rest: number;
  readonly shift: number;
  readonly row: Row | null;
}

export class Room {
  private readonly rows: readonly Row[];

  constructor(openings: readonly Opening[]) {
    this.rows = rowsOf(openings);
  }

  get isNone(): boolean {
    return this.rows.length === 0;
  }

  /** Where a card of the document is drawn; of one that is opened, its card. */
  drawn(card: Rect, id = ''): Position {
    let { x, y } = card;
    for (const row of this.rows) {
      if (isAbove(card, row)) y -= row.above;
      else if (isBelow(card, row)) y += row.below;
      else x += shiftAlong(row, card.x, id);
    }
    return { x, y };
  }

  /** The place in the document that is drawn at, or nearest to, this one. */
  inDocument(card: Rect, id = ''): Position {
    const { value: y, zone } = nearest(this.zonesDown(card.height), card.y);
    if (zone.row === null) return { x: card.x, y };
    return { x: nearest(zonesAlong(zone.row, card.width, id), card.x).value, y };
  }

  /** A rectangle around cards: it grows with what lies in it. */
  stretched(rect: Rect): Rect {
    let { x, y } = rect;
    let right = rect.x + rect.width;
    let bottom = rect.y + rect.height;
    for (const row of this.rows) {
      if (isAbove(rect, row)) {
        y -= row.above;
        bottom -= row.above;
      } else if (isBelow(rect, row)) {
        y += row.below;
        bottom += row.below;
      } else {
        if (rect.y <= row.top) y -= row.above;
        if (rect.y + rect.height >= row.bottom) bottom += row.below;
        x += shiftAlong(row, rect.x, '');
        right += shiftAlong(row, rect.x + rect.width, '');
      }
    }
    return { x, y, width: right - x, height: bottom - y };
  }

  private zonesDown(height: number): Zone[] {
    const zones: Zone[] = [];
    const { rows } = this;
    const sum = (list: readonly Row[], side: 'above' | 'below'): number =>
      list.reduce((total, row) => total + row[side], 0);
    for (let index = 0; index <= rows.length; index += 1) {
      const before = rows.slice(0, index);
      const low = before.at(-1)?.bottom ?? -Infinity;
      const row = rows[index];
      const high = row === undefined ? Infinity : row.top - height;
      const shift = sum(before, 'below') - sum(rows.slice(index), 'above');
      if (low <= high) zones.push({ low, high, rest: high, shift, row: null });
      if (row === undefined) continue;
      zones.push({
        low: row.top - height + GRID,
        high: row.bottom - GRID,
        rest: row.bottom - GRID,
        shift: sum(before, 'below') - sum(rows.slice(index + 1), 'above'),
        row,
      });
    }
    return zones;
  }
}

const isAbove = (card: Rect, row: Row): boolean => card.y + card.height <= row.top;
const isBelow = (card: Rect, row: Row): boolean => card.y >= row.bottom;

function shiftAlong(row: Row, x: number, id: string): number {
  return row.openings
    .filter((opening) => opening.id !== id && x >= opening.x + opening.width)
    .reduce((total, { right }) => total + right, 0);
}

function zonesAlong(row: Row, width: number, id: string): Zone[] {
  const zones: Zone[] = [];
  let low = -Infinity;
  let shift = 0;
  for (const opening of row.openings) {
    if (opening.id === id) continue;
    const end = opening.x + opening.width;
    zones.push({ low, high: end - GRID, rest: opening.x - width, shift, row: null });
    low = end;
    shift += opening.right;
  }
  return [...zones, { low, high: Infinity, rest: Infinity, shift, row: null }];
}

function nearest(zones: readonly Zone[], drawn: number): { value: number; zone: Zone } {
  const found = zones.map((zone) => {
    const wanted = drawn - zone.shift;
    const value = Math.max(zone.low, wanted > zone.high ? zone.rest : wanted);
    return { value, zone, off: Math.abs(value + zone.shift - drawn) };
  });
  return found.reduce((best, each) => (each.off < best.off ? each : best));
}

/** Openings whose heights overlap share a row, and its room. */
function rowsOf(openings: readonly Opening[]): Row[] {
  const rows: Row[] = [];
  for (const opening of [...openings].sort((a, b) => a.y - b.y)) {
    const { y: top, above, below } = opening;
    const bottom = top + opening.height;
    const last = rows.at(-1);
    if (last === undefined || top >= last.bottom) {
      rows.push({ top, bottom, above, below, openings: [opening] });
      continue;
    }
    last.bottom = Math.max(last.bottom, bottom);
    last.above = Math.max(last.above, above);
    last.below = Math.max(last.below, below);
    last.openings.push(opening);
  }
  for (const row of rows) row.openings.sort((a, b) => a.x - b.x);
  return rows;
}
