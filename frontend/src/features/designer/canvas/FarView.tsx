import { useComputedColorScheme } from '@mantine/core';
import { useStoreApi } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { useDesigner } from '../state/DesignerContext';
import { pagePrefixOf } from '../state/editor';
import { problemsAt, problemsInside, worstOf } from '../state/problems';
import { fitSurface, paintScene, paletteOf } from './paint';
import { idOfPath } from './flowElements';
import type { Scene } from './scene';
import { focusPrefixOf } from './useStage';
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
      const { problems } = live.store.getState();
      const page = pagePrefixOf(editor.state);
      const focus = focusPrefixOf(editor);
      const onCanvas = (ids: ReadonlySet<string>): ReadonlySet<string> =>
        focus === '' ? ids : new Set([...ids].map((id) => focus + id));
      paintScene(context, scene, { x, y, zoom }, { width, height }, catalog, palette, {
        selected: onCanvas(nodeIds),
        selectedEdges: onCanvas(edgeIds),
        severity: (id) => {
          const path = page + id;
          const blockId = scene.cards.get(id)?.node.block ?? null;
          const worst = worstOf([
            ...problemsAt(problems, idOfPath(id), path),
            ...problemsInside(problems, blockId, path),
          ])?.severity;
          return worst === 'info' || worst === undefined ? null : worst;
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
