import { useRef, useState, type PointerEvent, type RefObject } from 'react';
import { tilesIn, type GridLayout, type Rect } from './gridLayout';
import { NOTHING, band, click, type Selection } from './selection';

/** A press that moves less than this is a click. */
const SLOP_PX = 4;

interface RubberBandOptions {
  scroller: RefObject<HTMLDivElement | null>;
  layout: GridLayout;
  count: number;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onOpen: (index: number) => void;
}

interface Press {
  x: number;
  y: number;
  index: number | null;
  before: Selection;
  isBand: boolean;
}

/** Clicks, double clicks and the rubber band, which may start on a tile as well as between. */
export function useRubberBand({ scroller, layout, count, selection, onSelect, onOpen }: RubberBandOptions) {
  const press = useRef<Press | null>(null);
  const [rect, setRect] = useState<Rect | null>(null);

  const pointOf = (event: PointerEvent) => {
    const canvas = scroller.current?.querySelector('[role="presentation"]')?.getBoundingClientRect();
    return { x: event.clientX - (canvas?.left ?? 0), y: event.clientY - (canvas?.top ?? 0) };
  };

  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    const isOnScrollbar = event.nativeEvent.offsetX > event.currentTarget.clientWidth && event.target === event.currentTarget;
    if (event.button !== 0 || isOnScrollbar) return;
    const tile = event.target instanceof Element ? event.target.closest('[data-index]') : null;
    const index = tile === null ? null : Number(tile.getAttribute('data-index'));
    press.current = { ...pointOf(event), index, before: selection, isBand: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  };

  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const start = press.current;
    if (!start) return;
    const { x, y } = pointOf(event);
    if (!start.isBand && Math.hypot(x - start.x, y - start.y) < SLOP_PX) return;
    start.isBand = true;
    scrollAtEdge(event);
    const next = {
      left: Math.min(start.x, x),
      top: Math.min(start.y, y),
      right: Math.max(start.x, x),
      bottom: Math.max(start.y, y),
    };
    setRect(next);
    const isAdding = event.ctrlKey || event.metaKey || event.shiftKey;
    onSelect(band(start.before, tilesIn(layout, count, next), isAdding));
  };

  const onPointerUp = (event: PointerEvent<HTMLDivElement>) => {
    const start = press.current;
    press.current = null;
    setRect(null);
    if (!start || start.isBand) return;
    if (start.index === null) {
      onSelect(NOTHING);
      return;
    }
    const isToggle = event.ctrlKey || event.metaKey;
    onSelect(click(selection, start.index, { isRange: event.shiftKey, isToggle }));
  };

  const onDoubleClick = () => {
    if (selection.cursor !== null && selection.chosen.has(selection.cursor)) onOpen(selection.cursor);
  };

  return {
    rect,
    handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp, onDoubleClick },
  };
}

/** Near the upper and lower edge the gallery scrolls along with the band. */
function scrollAtEdge(event: PointerEvent<HTMLDivElement>): void {
  const box = event.currentTarget.getBoundingClientRect();
  const EDGE_PX = 32;
  if (event.clientY < box.top + EDGE_PX) event.currentTarget.scrollBy({ top: -24 });
  else if (event.clientY > box.bottom - EDGE_PX) event.currentTarget.scrollBy({ top: 24 });
}
