/** Sizes of what is drawn. Everything is known before anything is mounted. */

import type { NodePorts } from '../document/ports';
import type { Position } from '../document/types';

export const CARD_WIDTH = 168;
export const CARD_HEIGHT = 88;
export const HANDLE_SIZE = 12;
const PORT_STEP = 22;
const PORT_MARGIN = 22;

/** From the left edge of a card to that of the next in a row. */
export const COLUMN_STEP = CARD_WIDTH + 56;
export const ROW_STEP = CARD_HEIGHT + 40;
export const GRID = 8;

/** Below this zoom nothing on a card can be read: one canvas draws everything instead. */
export const FAR_ZOOM = 0.4;
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

/** Middle of a port, from the top of the card. */
export function portY(index: number, count: number, height: number): number {
  return height / 2 + (index - (count - 1) / 2) * PORT_STEP;
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

export interface Curve {
  readonly from: Position;
  readonly to: Position;
  readonly bend: number;
}

/** The edge from an output on the right of a card to an input on the left of another. */
export function curveBetween(from: Position, to: Position): Curve {
  const distance = to.x - from.x;
  const bend = distance >= 0 ? Math.max(distance * 0.5, 16) : 32 + Math.sqrt(-distance) * 6;
  return { from, to, bend };
}

export function curvePath({ from, to, bend }: Curve): string {
  return `M${from.x},${from.y} C${from.x + bend},${from.y} ${to.x - bend},${to.y} ${to.x},${to.y}`;
}

export function curvePoint({ from, to, bend }: Curve, t: number): Position {
  const u = 1 - t;
  const a = u * u * u;
  const b = 3 * u * u * t;
  const c = 3 * u * t * t;
  const d = t * t * t;
  return {
    x: a * from.x + b * (from.x + bend) + c * (to.x - bend) + d * to.x,
    y: a * from.y + b * from.y + c * to.y + d * to.y,
  };
}

const SAMPLES = 24;

/** Shortest way from a point to the curve, by samples. */
export function distanceToCurve(curve: Curve, point: Position): number {
  let best = Infinity;
  for (let index = 0; index <= SAMPLES; index += 1) {
    const { x, y } = curvePoint(curve, index / SAMPLES);
    best = Math.min(best, Math.hypot(x - point.x, y - point.y));
  }
  return best;
}
