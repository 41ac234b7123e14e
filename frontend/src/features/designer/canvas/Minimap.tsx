import { useComputedColorScheme } from '@mantine/core';
import { useReactFlow, useStoreApi } from '@xyflow/react';
import { useEffect, useMemo, useRef } from 'react';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { boundsOf } from './geometry';
import { drawBoxes, fitInto } from './minimapBoxes';
import { fitSurface, paletteOf } from './colors';
import { contains, overlaps, seenIn } from './rects';
import type { Scene } from './scene';
import { focusPrefixOf } from './useStage';
import classes from './DesignerCanvas.module.css';

const SIZE = { width: 176, height: 104 };

const LATER_MS = 150;

interface Picture {
  readonly of: readonly unknown[];
  readonly boxes: HTMLCanvasElement;
  readonly accent: string;
}

function placesOf(canvas: HTMLCanvasElement) {
  const box = canvas.getBoundingClientRect();
  return { box, pane: canvas.offsetParent?.getBoundingClientRect() ?? box };
}

/**
 * The whole scope, and where we are in it. Press or drag to go.
 *
 * It is away when all is in view, and while it would lie over a selected layer or over an end.
 */
export function Minimap({ scene: { cards } }: { scene: Scene }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const picture = useRef<Picture | null>(null);
  const flow = useStoreApi();
  const { setCenter, getZoom } = useReactFlow();
  const { catalog } = useDesigner();
  const nodeIds = useEditor((state) => state.nodeIds);
  const focus = useEditor((state) => focusPrefixOf({ state }));
  const scheme = useComputedColorScheme();
  const fit = useMemo(() => {
    const bounds = boundsOf(cards.values());
    return bounds === null ? null : { ...fitInto(bounds, SIZE), bounds };
  }, [cards]);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (!canvas || !context || fit === null) return;
    const pictureNow = (ratio: number): Picture => {
      const of = [cards, catalog, scheme, ratio];
      const old = picture.current;
      if (old !== null && of.every((each, index) => each === old.of[index])) return old;
      const { accent, isDark } = paletteOf(canvas);
      const boxes = drawBoxes(cards.values(), fit, SIZE, ratio, catalog, isDark);
      picture.current = { of, boxes, accent };
      return picture.current;
    };
    const isSelected = (id: string): boolean =>
      id.startsWith(focus) && nodeIds.has(id.slice(focus.length));
    const inView = [...cards.values()].filter(
      (card) => isSelected(card.id) || card.ports.outputs.length === 0,
    );
    let places: { readonly box: DOMRect; readonly pane: DOMRect } | undefined;
    let frame = 0;
    const paint = (): void => {
      frame = 0;
      places ??= placesOf(canvas);
      const { box, pane } = places;
      const view = flow.getState();
      const { transform: [x, y, zoom], width, height } = view; // prettier-ignore
      const seen = seenIn(view);
      // It is fixed to the lower right corner, however large the pane is.
      const covered = {
        x: (width - (pane.right - box.left) - x) / zoom,
        y: (height - (pane.bottom - box.top) - y) / zoom,
        width: box.width / zoom,
        height: box.height / zoom,
      };
      const isIdle = contains(seen, fit.bounds) || inView.some((card) => overlaps(card, covered));
      canvas.toggleAttribute('data-idle', isIdle);
      if (isIdle) return;
      const ratio = fitSurface(canvas, SIZE);
      const { boxes, accent } = pictureNow(ratio);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(boxes, 0, 0);
      context.scale(ratio, ratio);
      context.translate(fit.x, fit.y);
      context.scale(fit.scale, fit.scale);
      context.lineWidth = 1.5 / fit.scale;
      context.strokeStyle = accent;
      context.strokeRect(seen.x, seen.y, seen.width, seen.height);
    };
    const soon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(paint);
    };
    const leave = flow.subscribe((view, before) => {
      const { transform, width, height } = before;
      const isSame =
        view.transform === transform && view.width === width && view.height === height;
      if (!isSame) soon();
    });
    // An edit is drawn on the canvas first.
    const timer = setTimeout(soon, picture.current === null ? 0 : LATER_MS);
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      leave();
    };
  }, [cards, flow, fit, catalog, scheme, nodeIds, focus]);
  if (fit === null) return null;
  const goTo = (event: React.PointerEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const drawn = box.width / event.currentTarget.offsetWidth;
    const x = ((event.clientX - box.left) / drawn - fit.x) / fit.scale;
    const y = ((event.clientY - box.top) / drawn - fit.y) / fit.scale;
    void setCenter(x, y, { zoom: getZoom() });
  };
  return (
    <canvas
      ref={ref}
      className={classes.minimap}
      style={SIZE}
      aria-hidden
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        goTo(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons === 1) goTo(event);
      }}
    />
  );
}
