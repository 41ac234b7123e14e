/** The frame around the content of a block that is drawn in place of its card. */

import { BLOCK_INPUT, BLOCK_OUTPUT, type Position } from '../document/types';
import { boundsOf, curveBetween, GRID, type Curve, type Rect, type Size } from './geometry';
import type { Opening } from './room';
import { portPlace, type Card, type PlacedFrame } from './scene';

export const HEADER_HEIGHT = 40;
const SIDE = 40;
const MARGIN = 24;
/** Below the layers there is room for the connections that pass beneath them. */
const BOTTOM = 56;
const EMPTY: Rect = { x: 0, y: 0, width: 240, height: 96 };

const snapped = (value: number): number => Math.ceil(value / GRID) * GRID;

export interface Content {
  readonly opening: Opening;
  readonly size: Size;
  readonly axis: number;
  /** From the corner of the frame to where the scope begins. */
  readonly origin: Position;
  readonly leads: (frame: Card, inner: ReadonlyMap<string, Card>) => readonly Curve[];
}

/**
 * How much larger than its card a block is with its content. The ports of the frame are where the
 * card has them, at the height of what they lead to.
 */
export function blockRoom(
  card: Card,
  inner: ReadonlyMap<string, Card>,
  frames: readonly PlacedFrame[],
): Content {
  const bounds = boundsOf([...inner.values(), ...frames]) ?? EMPTY;
  const ends = [...inner.values()].filter(({ node }) => node.type === BLOCK_INPUT);
  const middle =
    ends.length === 0
      ? bounds.y + bounds.height / 2
      : ends.reduce((sum, end) => sum + end.y + end.axis, 0) / ends.length;
  const top = HEADER_HEIGHT + MARGIN;
  const above = Math.max(0, snapped(top + middle - bounds.y - card.axis));
  const inset = Math.max(0, above + card.axis - top - (middle - bounds.y));
  const width = snapped(bounds.width + 2 * SIDE);
  const height = Math.max(
    snapped(top + inset + bounds.height + BOTTOM),
    above + card.height,
  );
  const { id, x, y } = card;
  return {
    opening: {
      id,
      x,
      y,
      width: card.width,
      height: card.height,
      above,
      below: height - above - card.height,
      right: Math.max(0, width - card.width),
    },
    size: { width: Math.max(width, card.width), height },
    axis: above + card.axis,
    origin: { x: SIDE - bounds.x, y: top + Math.floor(inset / GRID) * GRID - bounds.y },
    leads: leadsOf,
  };
}

/** From each port of the frame to the input, or from the output, that it stands for. */
function leadsOf(frame: Card, inner: ReadonlyMap<string, Card>): readonly Curve[] {
  const end = (type: string, name: string): Card | undefined =>
    [...inner.values()].find(({ node }) => node.type === type && node.name === name);
  const inward = frame.ports.inputs.flatMap((port): Curve[] => {
    const to = end(BLOCK_INPUT, port);
    if (to === undefined) return [];
    const from = portPlace(frame, 'inputs', port);
    return [curveBetween(from, { x: to.x, y: to.y + to.axis })];
  });
  const outward = frame.ports.outputs.flatMap((port): Curve[] => {
    const from = end(BLOCK_OUTPUT, port);
    if (from === undefined) return [];
    const to = portPlace(frame, 'outputs', port);
    return [curveBetween({ x: from.x + from.width, y: from.y + from.axis }, to)];
  });
  return [...inward, ...outward];
}
