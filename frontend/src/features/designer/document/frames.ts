/** Comment frames keep around what they held when it moves. */

import type { Operation } from './operations';
import type { Document, Frame, Position } from './types';

export interface Sized extends Position {
  readonly width: number;
  readonly height: number;
}

export type SizedById = ReadonlyMap<string, Sized>;

/** Frames of a scope as they have to be to hold what they held, with the same space around it. */
export function framesHolding(
  document: Document,
  scopeId: string | null,
  before: SizedById,
  after: SizedById,
): Operation[] {
  return Object.entries(document.view.frames).flatMap(([frame_id, frame]): Operation[] => {
    if (frame.scope !== scopeId) return [];
    const held = [...before].filter(([id, card]) => after.has(id) && isIn(frame, card));
    const now = held.map(([id, card]) => after.get(id) ?? card);
    const [old, grown] = [around(held.map(([, card]) => card)), around(now)];
    if (old === null || grown === null) return [];
    const next: Frame = {
      ...frame,
      x: frame.x + grown.left - old.left,
      y: frame.y + grown.top - old.top,
      width_px: frame.width_px + grown.right - grown.left - (old.right - old.left),
      height_px: frame.height_px + grown.bottom - grown.top - (old.bottom - old.top),
    };
    const isSame =
      next.x === frame.x &&
      next.y === frame.y &&
      next.width_px === frame.width_px &&
      next.height_px === frame.height_px;
    return isSame ? [] : [{ op: 'set_frame', frame_id, frame: next }];
  });
}

/** As when a frame is dragged: it holds what lies wholly within. */
function isIn(frame: Frame, { x, y, width, height }: Sized): boolean {
  return (
    x >= frame.x &&
    y >= frame.y &&
    x + width <= frame.x + frame.width_px &&
    y + height <= frame.y + frame.height_px
  );
}

function around(cards: readonly Sized[]) {
  if (cards.length === 0) return null;
  return {
    left: Math.min(...cards.map(({ x }) => x)),
    top: Math.min(...cards.map(({ y }) => y)),
    right: Math.max(...cards.map(({ x, width }) => x + width)),
    bottom: Math.max(...cards.map(({ y, height }) => y + height)),
  };
}
