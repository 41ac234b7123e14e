import { useStore } from '@xyflow/react';
import { useCallback, useState } from 'react';
import type { Rect } from './geometry';
import { contains, grown, seenIn, type Pane } from './rects';

/** So much of what is in view lies around it on each side. */
const AROUND = 0.5;
/** Where the area is so many times as wide as what is in view, the view came much nearer. */
const WIDEST = 5;

/**
 * The part of the canvas whose layers React Flow is told of: what is in view and around it. It
 * stays while the view moves within it, for React Flow looks at all it knows on every frame.
 *
 * @returns Null until the pane has a size.
 */
export function useArea(isFar: boolean): Rect | null {
  const [memory] = useState(() => new AreaMemory());
  return useStore(useCallback((pane: Pane) => memory.areaFor(pane, isFar), [memory, isFar]));
}

class AreaMemory {
  private area: Rect | null = null;

  areaFor(pane: Pane, isFar: boolean): Rect | null {
    if (isFar || pane.width === 0) return this.area;
    const view = seenIn(pane);
    const { area } = this;
    const isGood = area !== null && contains(area, view) && area.width < WIDEST * view.width;
    if (!isGood) this.area = grown(view, AROUND * view.width, AROUND * view.height);
    return this.area;
  }
}
