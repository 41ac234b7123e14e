import { useComputedColorScheme } from '@mantine/core';
import { useStoreApi } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { useDesigner } from '../state/DesignerContext';
import { paletteOf } from './colors';
import classes from './DesignerCanvas.module.css';
import { FarPainter } from './farPainter';
import { MarksMemory } from './farMarks';
import type { Drawing } from './paint';
import type { Scene } from './scene';

/** Everything on one canvas, for zooms at which nothing on a card could be read. */
export function FarView({ scene }: { scene: Scene }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const { catalog, editor, live } = useDesigner();
  const scheme = useComputedColorScheme();
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return;
    const palette = paletteOf(canvas);
    const painter = new FarPainter();
    const memory = new MarksMemory(scene);
    let drawing: Drawing | null = null;
    let frame = 0;
    const paint = (): void => {
      frame = 0;
      const marks = memory.marks(editor.state, live.store.getState().problems);
      if (drawing?.marks !== marks) drawing = { scene, catalog, palette, marks };
      const { transform, width, height } = flow.getState();
      const [x, y, zoom] = transform;
      painter.paint(canvas, drawing, { x, y, zoom }, { width, height });
    };
    const soon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(paint);
    };
    const leave = [flow.subscribe(soon), editor.store.subscribe(soon), live.store.subscribe(soon)];
    paint();
    return () => {
      cancelAnimationFrame(frame);
      for (const each of leave) each();
    };
  }, [scene, flow, catalog, editor, live, scheme]);
  return <canvas ref={ref} className={classes.far} aria-hidden />;
}
