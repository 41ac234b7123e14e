/** Where the view has to be for something to be seen. */

import { getViewportForBounds, type Viewport } from '@xyflow/react';
import { MIN_ZOOM, type Rect, type Size } from './geometry';

/** The controls and the minimap lie over the lower edge. */
export const PADDING = { top: '28px', right: '28px', bottom: '64px', left: '28px' } as const;
/** Names can still be read: what fits at this zoom is shown whole. */
export const LEAST_FITTED_ZOOM = 0.5;
const MARGIN = 24;

/**
 * The view that shows `bounds`, moved only as far as needed; null where nothing has to move. The
 * zoom stays where they fit in. Else it goes back until they do, but not from a view that can be
 * read to one that cannot: then it is their beginning that is shown.
 */
export function viewShowing(bounds: Rect, view: Viewport, pane: Size): Viewport | null {
  if (pane.width === 0 || pane.height === 0) return null;
  const fitsIn =
    bounds.width * view.zoom <= pane.width - 2 * MARGIN &&
    bounds.height * view.zoom <= pane.height - 2 * MARGIN;
  if (fitsIn) return shifted(bounds, view, pane);
  const least = view.zoom < LEAST_FITTED_ZOOM ? MIN_ZOOM : LEAST_FITTED_ZOOM;
  const { width, height } = pane;
  const whole = getViewportForBounds(bounds, width, height, MIN_ZOOM, view.zoom, PADDING);
  return whole.zoom >= least ? whole : shifted(bounds, view, pane);
}

function shifted(bounds: Rect, { x, y, zoom }: Viewport, pane: Size): Viewport | null {
  const shift = (low: number, high: number, room: number): number => {
    if (low < MARGIN) return MARGIN - low;
    return high > room - MARGIN ? Math.max(MARGIN - low, room - MARGIN - high) : 0;
  };
  const left = bounds.x * zoom + x;
  const top = bounds.y * zoom + y;
  const dx = shift(left, left + bounds.width * zoom, pane.width);
  const dy = shift(top, top + bounds.height * zoom, pane.height);
  return dx === 0 && dy === 0 ? null : { x: x + dx, y: y + dy, zoom };
}
