import { useComputedColorScheme } from '@mantine/core';
import { useStoreApi } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { useDesigner } from '../state/DesignerContext';
import { problemsOf } from '../state/liveAnalysis';
import { fitSurface, paintScene, paletteOf } from './paint';
import type { Scene } from './scene';
import classes from './DesignerCanvas.module.css';

/** Everything on one canvas, for zooms at which nothing on a card could be read. */
export function FarView({ scene }: { scene: Scene }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const { catalog, editor, live } = useDesigner();
  const scheme = useComputedColorScheme();
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return;
    const palette = paletteOf(canvas);
    let frame = 0;
    const paint = (): void => {
      frame = 0;
      const { transform, width, height } = flow.getState();
      const [x, y, zoom] = transform;
      const ratio = fitSurface(canvas, { width, height });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      const { nodeIds, edgeIds } = editor.state;
      const analysis = live.store.getState();
      paintScene(context, scene, { x, y, zoom }, { width, height }, catalog, palette, {
        selected: nodeIds,
        selectedEdges: edgeIds,
        severity: (nodeId) => {
          const problems = problemsOf(analysis, nodeId);
          if (problems.some((problem) => problem.severity === 'error')) return 'error';
          return problems.some((problem) => problem.severity === 'warning') ? 'warning' : null;
        },
      });
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
