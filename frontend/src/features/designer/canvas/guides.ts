/** What a dragged box lines up with: edges and centres of others, and equal distances in a row. */

import type { Rect } from './geometry';

export interface GuideLine {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  /** It shows a distance that is there twice. */
  readonly isGap: boolean;
}

export interface Snapped {
  readonly dx: number;
  readonly dy: number;
  readonly lines: readonly GuideLine[];
}

/** Boxes further away than this line up with nothing that can be seen. */
const FAR_PX = 2000;
const SAME_PX = 0.5;

export function isNear(other: Rect, box: Rect): boolean {
  return Math.abs(other.x - box.x) < FAR_PX && Math.abs(other.y - box.y) < FAR_PX;
}

/**
 * The small step that lines a box up, and the lines to show for it.
 *
 * @param reach How far the box may be pulled, in document pixels.
 */
export function snapToNeighbours(box: Rect, others: readonly Rect[], reach: number): Snapped {
  const near = others.filter((other) => isNear(other, box));
  const dx = pull(box, near, reach);
  const dy = pull(turned(box), near.map(turned), reach);
  const placed = { ...box, x: box.x + dx, y: box.y + dy };
  const lines = [
    ...linesAcross(placed, near),
    ...linesAcross(turned(placed), near.map(turned)).map(turnedLine),
  ];
  return { dx, dy, lines };
}

/** With x and y exchanged, so that one direction is all there is to think of. */
const turned = ({ x, y, width, height }: Rect): Rect => ({
  x: y, y: x, width: height, height: width,
}); // prettier-ignore

const turnedLine = ({ from, to, isGap }: GuideLine): GuideLine => ({
  from: { x: from.y, y: from.x },
  to: { x: to.y, y: to.x },
  isGap,
});

const anchorsOf = ({ x, width }: Rect): readonly number[] => [x + width / 2, x, x + width];
const rightOf = ({ x, width }: Rect): number => x + width;
const middleOf = ({ y, height }: Rect): number => y + height / 2;

function pull(box: Rect, others: readonly Rect[], reach: number): number {
  const own = anchorsOf(box);
  let best = Infinity;
  const offer = (offset: number): void => {
    if (Math.abs(offset) <= reach && Math.abs(offset) < Math.abs(best)) best = offset;
  };
  for (const other of others) {
    for (const [index, anchor] of anchorsOf(other).entries()) offer(anchor - (own[index] ?? 0));
  }
  for (const { x } of evenPlaces(box, others)) offer(x - box.x);
  return best === Infinity ? 0 : best;
}

interface EvenPlace {
  /** Left edge of the box when both distances are equal. */
  readonly x: number;
  /** From the right edge of one box to the left edge of the next, for both distances. */
  readonly gaps: (placed: Rect) => readonly (readonly [number, number])[];
}

/** Where the box would stand in a row at equal distances: after, before or between its neighbours. */
function evenPlaces(box: Rect, others: readonly Rect[]): EvenPlace[] {
  const row = others.filter((other) => other.y < box.y + box.height && box.y < other.y + other.height);
  const centre = box.x + box.width / 2;
  const left = row.filter((other) => rightOf(other) <= centre).sort((a, b) => rightOf(b) - rightOf(a));
  const right = row.filter((other) => other.x > centre).sort((a, b) => a.x - b.x);
  const [before, beyondBefore] = left;
  const [after, beyondAfter] = right;
  const places: EvenPlace[] = [];
  if (before !== undefined && beyondBefore !== undefined) {
    const gap = before.x - rightOf(beyondBefore);
    const gaps = (placed: Rect) =>
      [[rightOf(beyondBefore), before.x], [rightOf(before), placed.x]] as const;
    if (gap > 0) places.push({ x: rightOf(before) + gap, gaps });
  }
  if (after !== undefined && beyondAfter !== undefined) {
    const gap = beyondAfter.x - rightOf(after);
    const gaps = (placed: Rect) =>
      [[rightOf(placed), after.x], [rightOf(after), beyondAfter.x]] as const;
    if (gap > 0) places.push({ x: after.x - gap - box.width, gaps });
  }
  if (before !== undefined && after !== undefined) {
    const room = after.x - rightOf(before) - box.width;
    const gaps = (placed: Rect) =>
      [[rightOf(before), placed.x], [rightOf(placed), after.x]] as const;
    if (room > 0) places.push({ x: rightOf(before) + room / 2, gaps });
  }
  return places;
}

/** Lines for where the box stands now: one upright line through all it lines up with, and gaps. */
function linesAcross(placed: Rect, others: readonly Rect[]): GuideLine[] {
  const lines: GuideLine[] = [];
  for (const [index, anchor] of anchorsOf(placed).entries()) {
    const same = others.filter(
      (other) => Math.abs((anchorsOf(other)[index] ?? Infinity) - anchor) < SAME_PX,
    );
    if (same.length === 0) continue;
    const top = Math.min(placed.y, ...same.map(({ y }) => y));
    const bottom = Math.max(...[placed, ...same].map(({ y, height }) => y + height));
    lines.push({ from: { x: anchor, y: top }, to: { x: anchor, y: bottom }, isGap: false });
    break;
  }
  const even = evenPlaces(placed, others).find(({ x }) => Math.abs(x - placed.x) < SAME_PX);
  for (const [start, end] of even?.gaps(placed) ?? []) {
    const y = middleOf(placed);
    lines.push({ from: { x: start, y }, to: { x: end, y }, isGap: true });
  }
  return lines;
}
