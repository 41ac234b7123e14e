import { getViewportForBounds, useReactFlow, useStoreApi } from '@xyflow/react';
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { framesHolding } from '../document/frames';
import { lookup } from '../document/records';
import type { Document } from '../document/types';
import { portsOfDesigner, useDesigner, useEditor, type Designer } from '../state/DesignerContext';
import type { CanvasHandle } from '../state/panels';
import { boundsOf, CARD_HEIGHT, CARD_WIDTH, MAX_ZOOM, MIN_ZOOM, type Rect } from './geometry';
import { layOutThoroughly } from './layout';
import { inPlaceOf, partOf } from './part';
import { pagePrefixOf } from '../state/editorPlace';
import { LEAST_FITTED_ZOOM, PADDING, viewShowing } from './revealing';
import { makeScene, type Scene } from './scene';
import type { Stage } from './stage';
import type { FarView } from './useFarView';
import { focusOf, focusPrefixOf } from './useStage';

const MOVE = { duration: 120 };
const LAYOUT_SHOWN_AFTER_MS = 200;

/** Lets commands outside of the canvas move the view, and lay out. */
export function useCanvasHandle(
  stage: Stage,
  root: RefObject<HTMLElement | null>,
  travel: FarView['travel'],
) {
  const designer = useDesigner();
  const flow = useReactFlow();
  const store = useStoreApi();
  const latest = useRef(stage);
  const layout = useRef<AbortController | null>(null);
  const [isLayingOut, setLayingOut] = useState(false);
  useEffect(() => {
    latest.current = stage;
  }, [stage]);

  useEffect(() => {
    const size = () => {
      const { width, height } = store.getState();
      return { width, height };
    };
    const focus = () => focusOf(latest.current, focusPrefixOf(designer.editor));
    const frame = (bounds: Rect | null): void => {
      const { width, height } = size();
      if (bounds === null || width === 0) return;
      const viewport = getViewportForBounds(bounds, width, height, MIN_ZOOM, 1, PADDING);
      travel(viewport.zoom, MOVE.duration);
      void flow.setViewport(viewport, MOVE);
    };
    const fit = (): void => {
      const { cards, frames } = latest.current.all;
      frame(boundsOf([...cards.values(), ...frames]));
    };
    // A second step within the move of the first goes on from where that leads.
    let goal = { zoom: 1, until_ms: 0 };
    const zoomNow = () => (performance.now() < goal.until_ms ? goal.zoom : flow.getZoom());
    const zoomTo = (wish: number): void => {
      const zoom = Math.min(Math.max(wish, MIN_ZOOM), MAX_ZOOM);
      goal = { zoom, until_ms: performance.now() + MOVE.duration };
      travel(zoom, MOVE.duration);
      void flow.zoomTo(zoom, MOVE);
    };
    const middle = () => ({ x: size().width / 2, y: size().height / 2 });
    const toDocument = (point: { x: number; y: number }) => {
      const [x, y, zoom] = store.getState().transform;
      const drawn = { x: (point.x - x) / zoom, y: (point.y - y) / zoom, width: 0, height: 0 };
      return focus().toDocument(drawn);
    };
    const toScreen = (place: { x: number; y: number }) => {
      const [x, y, zoom] = store.getState().transform;
      const drawn = focus().toDrawn({ ...place, width: 0, height: 0 });
      return { x: drawn.x * zoom + x, y: drawn.y * zoom + y };
    };
    const handle: CanvasHandle = {
      fit,
      frame: (rect) => frame(focus().toDrawn(rect)),
      zoomBy: (factor) => zoomTo(zoomNow() * factor),
      zoomTo,
      reveal: (ids, earlier) => {
        const { scene } = focus();
        const rects = ids.flatMap((id) => scene.cards.get(id) ?? ghostOf(id, earlier) ?? []);
        const bounds = boundsOf(rects);
        const view = bounds && viewShowing(bounds, flow.getViewport(), size());
        if (view === null) return;
        travel(view.zoom, MOVE.duration);
        void flow.setViewport(view, MOVE);
      },
      centre: () => toDocument(middle()),
      middle,
      toDocument,
      toScreen,
      tidy: (ids) => {
        layout.current?.abort();
        const controller = new AbortController();
        layout.current = controller;
        const timer = setTimeout(() => setLayingOut(true), LAYOUT_SHOWN_AFTER_MS);
        void tidy(designer, ids, controller.signal)
          .then((isDone) => {
            if (isDone && ids === null) requestAnimationFrame(fit);
          })
          .finally(() => {
            clearTimeout(timer);
            setLayingOut(false);
          });
      },
      focus: () => {
        const { home } = designer.panels;
        const target = home?.isConnected === true ? home : root.current;
        target?.focus({ preventScroll: true });
      },
    };
    const detach = designer.panels.attach(handle);
    return () => {
      layout.current?.abort();
      detach();
    };
  }, [designer, flow, store, root, travel]);

  useShowPage(stage.all);
  const cancelLayout = useCallback(() => layout.current?.abort(), []);
  return { isLayingOut, cancelLayout };
}

/** Lay out; false when it was given up, with the reason said. */
async function tidy(
  designer: Designer,
  ids: readonly string[] | null,
  signal: AbortSignal,
): Promise<boolean> {
  const { editor } = designer;
  const { document } = editor.state;
  const scene = makeScene(document, editor.scopeId, editor.scope, portsOfDesigner(designer));
  const part = ids === null ? scene : partOf(scene, new Set(ids));
  const result = await layOutThoroughly(part, signal);
  switch (result.kind) {
    case 'done': {
      // Layers that went away meanwhile are left out.
      const found = ids === null ? result.positions : inPlaceOf(part, result.positions);
      const places = Object.entries(found).filter(
        ([id]) => lookup(editor.scope.nodes, id) !== undefined,
      );
      const positions = Object.fromEntries(places);
      const laidOut = new Map(
        [...scene.cards].map(([id, card]) => [id, { ...card, ...lookup(positions, id) }]),
      );
      return editor.perform(ids === null ? 'Tidy' : 'Tidy the selection', [
        { op: 'move_nodes', positions },
        ...framesHolding(editor.state.document, editor.scopeId, scene.cards, laidOut),
      ]);
    }
    case 'late':
      editor.say('The layout took longer than 10 s and was given up. Group parts into blocks.');
      return false;
    case 'failed':
      editor.say(`The layout failed: ${result.reason}`);
      return false;
    case 'cancelled':
      return false;
  }
}

/** Where a layer stood that is not there any more. */
function ghostOf(id: string, earlier: Document | undefined): Rect | undefined {
  const place = earlier && lookup(earlier.view.positions, id);
  return place && { ...place, width: CARD_WIDTH, height: CARD_HEIGHT };
}

const READABLE_ZOOM = 0.75;

/** On opening a scope, show all of it where its cards can be told apart, else its beginning. */
function useShowPage(scene: Scene): void {
  const flow = useReactFlow();
  const store = useStoreApi();
  const page = useEditor(pagePrefixOf);
  const shown = useRef<string | undefined>(undefined);
  useEffect(
    () => () => {
      shown.current = undefined;
    },
    [],
  );
  useEffect(() => {
    const show = (): void => {
      const { width, height, panZoom } = store.getState();
      if (shown.current === page || width === 0 || panZoom === null) return;
      shown.current = page;
      const bounds = boundsOf([...scene.cards.values(), ...scene.frames]);
      if (bounds === null) return;
      const all = getViewportForBounds(bounds, width, height, MIN_ZOOM, 1, PADDING);
      if (all.zoom >= LEAST_FITTED_ZOOM) {
        void flow.setViewport(all);
        return;
      }
      const zoom = Math.min(READABLE_ZOOM, MAX_ZOOM);
      const isTall = bounds.height * zoom > height;
      const y = isTall ? 32 - bounds.y * zoom : height / 2 - (bounds.y + bounds.height / 2) * zoom;
      const isWide = bounds.width * zoom > width;
      const x = isWide ? 32 - bounds.x * zoom : width / 2 - (bounds.x + bounds.width / 2) * zoom;
      void flow.setViewport({ x, y, zoom });
    };
    show();
    return store.subscribe(show);
  }, [scene, page, flow, store]);
}
