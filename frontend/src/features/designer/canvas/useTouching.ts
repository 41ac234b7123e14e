import { useRef, type PointerEvent, type TouchEvent } from 'react';

const LONG_PRESS_MS = 500;
const STILL_PX = 10;
const DOUBLE_TAP_MS = 320;
const DOUBLE_TAP_PX = 28;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Tap extends Point {
  readonly time_ms: number;
}

interface TouchActs {
  /** A finger has stayed on `target` without moving. */
  readonly onLongPress: (target: Element, at: Point) => void;
  readonly onDoubleTap: (target: Element, at: Point) => void;
}

const isNear = (a: Point, b: Point, reach: number): boolean =>
  Math.hypot(a.x - b.x, a.y - b.y) <= reach;

/**
 * Long press and double tap with one finger. The handlers listen on the way down, since the
 * canvas keeps touches to itself; pan, pinch and drag stay with it.
 */
export function useTouching({ onLongPress, onDoubleTap }: TouchActs) {
  const press = useRef<{ at: Point; timer: number } | null>(null);
  const lastTap = useRef<Tap | null>(null);
  /** The clicks that a browser makes of a touch would close what the touch has opened. */
  const isUsed = useRef(false);
  const cancel = (): void => {
    if (press.current !== null) window.clearTimeout(press.current.timer);
    press.current = null;
  };
  return {
    onPointerDownCapture: (event: PointerEvent): void => {
      cancel();
      if (event.pointerType !== 'touch' || !event.isPrimary) return;
      const at = { x: event.clientX, y: event.clientY };
      const { target } = event;
      if (!(target instanceof Element)) return;
      isUsed.current = false;
      const timer = window.setTimeout(() => {
        press.current = null;
        isUsed.current = true;
        onLongPress(target, at);
      }, LONG_PRESS_MS);
      press.current = { at, timer };
    },
    onPointerMoveCapture: (event: PointerEvent): void => {
      const at = { x: event.clientX, y: event.clientY };
      if (press.current !== null && !isNear(press.current.at, at, STILL_PX)) cancel();
    },
    onPointerCancelCapture: cancel,
    onTouchEndCapture: (event: TouchEvent): void => {
      const wasStill = press.current !== null;
      cancel();
      if (isUsed.current) {
        event.preventDefault();
        isUsed.current = false;
        return;
      }
      const touch = event.changedTouches[0];
      if (touch === undefined || event.touches.length > 0 || !wasStill) return;
      const tap = { x: touch.clientX, y: touch.clientY, time_ms: event.timeStamp };
      const before = lastTap.current;
      const isDouble =
        before !== null &&
        tap.time_ms - before.time_ms < DOUBLE_TAP_MS &&
        isNear(before, tap, DOUBLE_TAP_PX);
      lastTap.current = isDouble ? null : tap;
      if (!isDouble || !(event.target instanceof Element)) return;
      event.preventDefault();
      onDoubleTap(event.target, tap);
    },
  };
}
