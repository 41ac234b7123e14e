/** Sizes of what is drawn. Everything is known before anything is mounted. */

import type { NodePorts } from '../document/ports';
import type { Position } from '../document/types';

export const CARD_WIDTH = 176;
export const CARD_HEIGHT = 92;
/** What a card gains below its body while the live preview is on; ports stay where they are. */
export const PREVIEW_HEIGHT = 52;
export const HANDLE_SIZE = 12;
const PORT_STEP = 22;
const PORT_MARGIN = 22;

/** From the left edge of a card to that of the next in a row. */
export const COLUMN_STEP = CARD_WIDTH + 40;
export const ROW_STEP = CARD_HEIGHT + 60;
export const GRID = 8;

/** From here on connections say what flows where there is room for it. */
export const SHAPES_ZOOM = 1.25;
/** Below this zoom parameters cannot be read: cards say what matters most, larger. */
export const NEAR_ZOOM = 0.7;
/** Below this zoom nothing on a card can be read: one canvas draws everything instead. */
export const FAR_ZOOM = 0.4;

export type Level = 'near' | 'middle' | 'far';

export function levelOf(zoom: number): Level {
  return zoom < FAR_ZOOM ? 'far' : zoom < NEAR_ZOOM ? 'middle' : 'near';
}

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 2;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Rect = Position & Size;

export function cardHeight(ports: NodePorts): number {
  const most = Math.max(ports.inputs.length, ports.outputs.length);
  return Math.max(CARD_HEIGHT, PORT_MARGIN + most * PORT_STEP);
}

/** Middle of a port, from the top of the card; `axis` is the middle of all of them. */
export function portY(index: number, count: number, axis: number): number {
  return axis + (index - (count - 1) / 2) * PORT_STEP;
}

export function boundsOf(rects: Iterable<Rect>): Rect | null {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const rect of rects) {
    left = Math.min(left, rect.x);
    top = Math.min(top, rect.y);
    right = Math.max(right, rect.x + rect.width);
    bottom = Math.max(bottom, rect.y + rect.height);
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** How an edge runs from an output on the right of a card to an input on the left of another. */
export interface Curve {
  readonly from: Position;
  readonly to: Position;
  /** How far the ends reach out before the curve turns. */
  readonly bend: number;
  /** For edges that lead back, such as to the next row: the height at which they run. */
  readonly lane: number | null;
}

const REACH = 20;
const CORNER = 10;
const BELOW = CARD_HEIGHT;
const LANE_GAP = 4;

/**
 * @param detour Height below the cards that lie between the two ends, when there are any.
 * @param below Room that every card has below its body: edges that lead back run beneath it.
 */
export function curveBetween(
  from: Position,
  to: Position,
  detour: number | null = null,
  below = 0,
): Curve {
  const distance = to.x - from.x;
  if (distance >= 2 * REACH && detour !== null) return { from, to, bend: REACH, lane: detour };
  if (distance >= 2 * REACH) {
    return { from, to, bend: Math.max(distance * 0.5, REACH), lane: null };
  }
  const isSameRow = Math.abs(to.y - from.y) < CARD_HEIGHT;
  const beneath = Math.max(BELOW, CARD_HEIGHT / 2 + below + LANE_GAP);
  const lane = isSameRow ? Math.max(from.y, to.y) + beneath : (from.y + to.y + below) / 2;
  return { from, to, bend: REACH, lane };
}

/** Whether a curve has these ends, to a fraction of a pixel. */
export function joins(curve: Curve, from: Position, to: Position): boolean {
  const isNear = (a: Position, b: Position): boolean =>
    Math.abs(a.x - b.x) < 0.5 && Math.abs(a.y - b.y) < 0.5;
  return isNear(curve.from, from) && isNear(curve.to, to);
}

/** What a curve can be drawn with: a 2D path, or text for an SVG. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void;
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void;
}

export function traceCurve(pen: Pen, curve: Curve): void {
  const { from, to, bend } = curve;
  pen.moveTo(from.x, from.y);
  const corners = cornersOf(curve);
  if (corners === null) {
    pen.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x, to.y);
    return;
  }
  const points = [from, ...corners, to];
  for (const [index, corner] of corners.entries()) {
    const before = points[index] ?? from;
    const after = points[index + 2] ?? to;
    const start = towards(corner, before);
    const end = towards(corner, after);
    pen.lineTo(start.x, start.y);
    pen.quadraticCurveTo(corner.x, corner.y, end.x, end.y);
  }
  pen.lineTo(to.x, to.y);
}

function cornersOf({ from, to, bend, lane }: Curve): readonly Position[] | null {
  if (lane === null) return null;
  return [
    { x: from.x + bend, y: from.y },
    { x: from.x + bend, y: lane },
    { x: to.x - bend, y: lane },
    { x: to.x - bend, y: to.y },
  ];
}

/** A point a corner's radius away from `corner`, at most half way to `other`. */
function towards(corner: Position, other: Position): Position {
  const length = Math.hypot(other.x - corner.x, other.y - corner.y);
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return {
    x: corner.x + (other.x - corner.x) * share,
    y: corner.y + (other.y - corner.y) * share,
  };
}

export function curvePath(curve: Curve): string {
  const parts: string[] = [];
  traceCurve(
    {
      moveTo: (x, y) => parts.push(`M${x},${y}`),
      lineTo: (x, y) => parts.push(`L${x},${y}`),
      quadraticCurveTo: (x1, y1, x, y) => parts.push(`Q${x1},${y1} ${x},${y}`),
      bezierCurveTo: (x1, y1, x2, y2, x, y) => parts.push(`C${x1},${y1} ${x2},${y2} ${x},${y}`),
    },
    curve,
  );
  return parts.join('');
}

/** Where the curve's label stands. */
export function curveMiddle(curve: Curve): Position {
  const { from, to, lane } = curve;
  return { x: (from.x + to.x) / 2, y: lane ?? (from.y + to.y) / 2 };
}

/** Everything the curve can touch. */
export function curveBounds({ from, to, bend, lane }: Curve): Rect {
  const left = Math.min(from.x, to.x) - bend;
  const top = Math.min(from.y, to.y, lane ?? from.y);
  const bottom = Math.max(from.y, to.y, lane ?? from.y);
  return { x: left, y: top, width: Math.abs(to.x - from.x) + 2 * bend, height: bottom - top + 1 };
}

const SAMPLES = 24;

/** Shortest way from a point to the curve. */
export function distanceToCurve(curve: Curve, point: Position): number {
  const corners = cornersOf(curve);
  const points = corners === null ? samples(curve) : [curve.from, ...corners, curve.to];
  let best = Infinity;
  for (let index = 1; index < points.length; index += 1) {
    const start = points[index - 1];
    const end = points[index];
    if (start !== undefined && end !== undefined) {
      best = Math.min(best, distanceToSegment(point, start, end));
    }
  }
  return best;
}

function samples({ from, to, bend }: Curve): Position[] {
  return Array.from({ length: SAMPLES + 1 }, (_, index) => {
    const t = index / SAMPLES;
    const u = 1 - t;
    const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
    return {
      x: a * from.x + b * (from.x + bend) + c * (to.x - bend) + d * to.x,
      y: (a + b) * from.y + (c + d) * to.y,
    };
  });
}

function distanceToSegment(point: Position, start: Position, end: Position): number {
  const dx = end.x - start.x;
  const dy = end.y - start.y;
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((point.x - start.x) * dx + (point.y - start.y) * dy) / length;
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(point.x - start.x - t * dx, point.y - start.y - t * dy);
}
