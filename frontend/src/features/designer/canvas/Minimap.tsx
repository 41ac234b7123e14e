import { useComputedColorScheme } from '@mantine/core';
import { useReactFlow, useStoreApi } from '@xyflow/react';
import { useEffect, useMemo, useRef } from 'react';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { boundsOf, type Rect } from './geometry';
import { familyColor, fitSurface, paletteOf } from './paint';
import type { Scene } from './scene';
import { focusPrefixOf } from './useStage';
import classes from './DesignerCanvas.module.css';

const SIZE = { width: 176, height: 104 };
const MARGIN = 8;

interface Fit {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

function fitInto(bounds: Rect): Fit {
  const scale = Math.min(
    (SIZE.width - 2 * MARGIN) / Math.max(1, bounds.width),
    (SIZE.height - 2 * MARGIN) / Math.max(1, bounds.height),
    0.2,
  );
  return {
    scale,
    x: (SIZE.width - bounds.width * scale) / 2 - bounds.x * scale,
    y: (SIZE.height - bounds.height * scale) / 2 - bounds.y * scale,
  };
}

function overlaps(a: Rect, b: Rect): boolean {
  return (
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
  );
}

function contains(outer: Rect, inner: Rect): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

/**
 * The whole scope, and where we are in it. Press or drag to go.
 *
 * It is away when all is in view, and while it would lie over a selected layer or over an end.
 */
export function Minimap({ scene }: { scene: Scene }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const { setCenter, getZoom } = useReactFlow();
  const { catalog } = useDesigner();
  const nodeIds = useEditor((state) => state.nodeIds);
  const focus = useEditor((state) => focusPrefixOf({ state }));
  const scheme = useComputedColorScheme();
  const fit = useMemo(() => {
    const bounds = boundsOf(scene.cards.values());
    return bounds === null ? null : { ...fitInto(bounds), bounds };
  }, [scene]);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (!canvas || !context || fit === null) return;
    const palette = paletteOf(canvas);
    const ratio = fitSurface(canvas, SIZE);
    const boxes = new Map<string, Path2D>();
    for (const card of scene.cards.values()) {
      const color = familyColor(catalog.byType.get(card.node.type)?.hue ?? 0, palette.isDark);
      if (card.leads !== null) continue;
      const path = boxes.get(color) ?? new Path2D();
      path.rect(card.x, card.y, card.width, card.height);
      boxes.set(color, path);
    }
    const isSelected = (id: string): boolean =>
      id.startsWith(focus) && nodeIds.has(id.slice(focus.length));
    const inView = [...scene.cards.values()].filter(
      (card) => isSelected(card.id) || card.ports.outputs.length === 0,
    );
    const box = canvas.getBoundingClientRect();
    const pane = canvas.offsetParent?.getBoundingClientRect();
    let frame = 0;
    const paint = (): void => {
      frame = 0;
      const { transform, width, height } = flow.getState();
      const [x, y, zoom] = transform;
      const seen = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
      // It is fixed to the lower right corner, however large the pane is.
      const covered = {
        x: (width - ((pane?.right ?? box.right) - box.left) - x) / zoom,
        y: (height - ((pane?.bottom ?? box.bottom) - box.top) - y) / zoom,
        width: box.width / zoom,
        height: box.height / zoom,
      };
      const isInTheWay = inView.some((card) => overlaps(card, covered));
      canvas.toggleAttribute('data-idle', isInTheWay || contains(seen, fit.bounds));
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, SIZE.width, SIZE.height);
      context.translate(fit.x, fit.y);
      context.scale(fit.scale, fit.scale);
      for (const [color, path] of boxes) {
        context.fillStyle = color;
        context.fill(path);
      }
      context.lineWidth = 1.5 / fit.scale;
      context.strokeStyle = palette.accent;
      context.strokeRect(seen.x, seen.y, seen.width, seen.height);
    };
    const leave = flow.subscribe(() => {
      if (frame === 0) frame = requestAnimationFrame(paint);
    });
    paint();
    return () => {
      cancelAnimationFrame(frame);
      leave();
    };
  }, [scene, flow, fit, catalog, scheme, nodeIds, focus]);
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
