/** The cards of one scope as rectangles that can be shifted, until none lies on another. */

import type { Box } from './arrange';
import { framesHolding } from './frames';
import type { Operation } from './operations';
import { lookup } from './records';
import { scopeOf } from './scope';
import type { Document, Node, Position } from './types';

/** How large cards are, and how far apart they stand. */
export interface Spacing {
  /** From the left edge of a card to that of the next in a row. */
  readonly step_px: number;
  /** Between the cards of a row and those of the next. */
  readonly gap_px: number;
  readonly width_px: number;
  readonly heightOf: (node: Node) => number;
}

/** A row may grow to this many cards, or to the widest there is, while others stand below it. */
const MOST_IN_ROW = 12;
/** Nearer than this, cards count as lying on each other. */
const CLEARANCE_PX = 8;

export class Ground {
  readonly cards = new Map<string, Box>();
  private readonly before: ReadonlyMap<string, Box>;
  private readonly document: Document;
  private readonly scopeId: string | null;
  private readonly spacing: Spacing;

  /** @param leaving A node that gives up its place, or is about to be put elsewhere. */
  constructor(
    document: Document,
    scopeId: string | null,
    spacing: Spacing,
    leaving: string | null = null,
  ) {
    this.document = document;
    this.scopeId = scopeId;
    this.spacing = spacing;
    for (const [id, node] of Object.entries(scopeOf(document, scopeId).nodes)) {
      const place = lookup(document.view.positions, id);
      if (place !== undefined && id !== leaving) this.cards.set(id, this.box(id, node, place));
    }
    this.before = new Map(this.cards);
  }

  box(id: string, node: Node, { x, y }: Position): Box {
    return { id, x, y, width: this.spacing.width_px, height: this.spacing.heightOf(node) };
  }

  isFree(boxes: readonly Box[]): boolean {
    return !boxes.some((box) => [...this.cards.values()].some((card) => overlap(card, box)));
  }

  /** The nearest place at or below `wanted` where a box lies on no card. */
  freeBelow(wanted: Box): Box {
    let box = wanted;
    while (!this.isFree([box])) box = { ...box, y: box.y + box.height + this.spacing.gap_px };
    return box;
  }

  where(isMeant: (card: Box) => boolean): Set<string> {
    return new Set([...this.cards.values()].filter(isMeant).map(({ id }) => id));
  }

  /** These, and whatever they would come to lie on when all are shifted by `dx`. */
  withCovered(ids: Iterable<string>, dx: number): Set<string> {
    const all = new Set(ids);
    const queue = [...all];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const card = this.cards.get(id);
      if (card === undefined) continue;
      const shifted = { ...card, x: card.x + dx };
      for (const other of this.cards.values()) {
        if (all.has(other.id) || !overlap(shifted, other)) continue;
        all.add(other.id);
        queue.push(other.id);
      }
    }
    return all;
  }

  shift(ids: Iterable<string>, dx: number, dy: number): void {
    for (const id of ids) {
      const card = this.cards.get(id);
      if (card !== undefined) this.cards.set(id, { ...card, x: card.x + dx, y: card.y + dy });
    }
  }

  /** Whether a row that reaches as far as `right` and has others below it is too long to read. */
  isTooLong(right: number, bottom: number): boolean {
    const cards = [...this.before.values()];
    const left = Math.min(...cards.map(({ x }) => x));
    const widest = Math.max(...cards.map(({ x, width }) => x + width));
    const isWrapped = cards.some(({ y }) => y >= bottom);
    return isWrapped && right > Math.max(widest, left + MOST_IN_ROW * this.spacing.step_px);
  }

  /** Everything that reaches below `top` moves down, to stand below `bottom`. */
  pushDown(top: number, bottom: number): void {
    this.lower(this.where(({ y, height }) => y + height > top), bottom);
  }

  /** Shift cards down together, so that the highest stands below `bottom`. */
  lower(ids: ReadonlySet<string>, bottom: number): void {
    const highest = Math.min(...[...ids].map((id) => this.cards.get(id)?.y ?? Infinity));
    const dy = bottom + this.spacing.gap_px - highest;
    if (dy > 0 && highest < Infinity) this.shift(ids, 0, dy);
  }

  /** What was shifted, and the frames around it. */
  moves(): Operation[] {
    const moved = [...this.cards.values()].flatMap(({ id, x, y }) => {
      const old = this.before.get(id);
      return old?.x === x && old.y === y ? [] : [[id, { x, y }] as const];
    });
    if (moved.length === 0) return [];
    return [
      { op: 'move_nodes', positions: Object.fromEntries(moved) },
      ...framesHolding(this.document, this.scopeId, this.before, this.cards),
    ];
  }
}

function overlap(a: Box, b: Box): boolean {
  return (
    a.x < b.x + b.width + CLEARANCE_PX &&
    b.x < a.x + a.width + CLEARANCE_PX &&
    a.y < b.y + b.height + CLEARANCE_PX &&
    b.y < a.y + a.height + CLEARANCE_PX
  );
}
