import { useStoreApi } from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import type { CanvasNode, TensorEdge } from './flowElements';
import type { Rect } from './geometry';

const NO_NODES: CanvasNode[] = [];
const NO_EDGES: TensorEdge[] = [];
/** Cards that are mounted, or let go, within one frame without holding it up. */
const PER_FRAME = 12;

interface Elements {
  readonly nodes: CanvasNode[];
  readonly edges: TensorEdge[];
}

/** Some of what was in view where the level changed. */
interface Part {
  readonly view: Rect;
  readonly count: number;
}

/**
 * Elements for the DOM: none from afar. Coming near, those in view are mounted a few a frame, and
 * going away they leave likewise; until all are there, what is drawn from afar stays beneath them.
 */
export function useGradual(elements: Elements, isFar: boolean): Elements & { isWhole: boolean } {
  const flow = useStoreApi();
  const [mounted, setMounted] = useState<Part | 'all' | 'none'>(isFar ? 'none' : 'all');
  if (isFar && mounted === 'all') setMounted({ view: seen(flow.getState()), count: Infinity });
  if (!isFar && mounted === 'none') setMounted({ view: seen(flow.getState()), count: PER_FRAME });
  const part = typeof mounted === 'string' ? null : mounted;
  const view = part?.view ?? null;
  const inView = useMemo(
    () => (view === null ? NO_NODES : elements.nodes.filter((node) => isIn(node, view))),
    [elements.nodes, view],
  );
  useEffect(() => {
    if (part === null) return;
    const now = Math.min(part.count, inView.length);
    const next = now + (isFar ? -PER_FRAME : PER_FRAME);
    const frame = requestAnimationFrame(() => {
      if (isFar && next <= 0) setMounted('none');
      else if (!isFar && now >= inView.length) setMounted('all');
      else setMounted({ view: part.view, count: next });
    });
    return () => cancelAnimationFrame(frame);
  }, [part, inView, isFar]);
  return useMemo(() => {
    if (mounted === 'all') return { ...elements, isWhole: true };
    if (mounted === 'none') return { nodes: NO_NODES, edges: NO_EDGES, isWhole: false };
    const nodes = inView.slice(0, Math.max(0, mounted.count));
    const ids = new Set(nodes.map(({ id }) => id));
    // Coming near, connections follow once all ends are there.
    const edges = isFar
      ? elements.edges.filter(({ source, target }) => ids.has(source) && ids.has(target))
      : NO_EDGES;
    return { nodes, edges, isWhole: false };
  }, [elements, mounted, inView, isFar]);
}

interface Pane {
  readonly transform: readonly [number, number, number];
  readonly width: number;
  readonly height: number;
}

function seen({ transform: [x, y, zoom], width, height }: Pane): Rect {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

function isIn({ position: { x, y }, width = 0, height = 0 }: CanvasNode, view: Rect): boolean {
  return (
    x < view.x + view.width &&
    x + width > view.x &&
    y < view.y + view.height &&
    y + height > view.y
  );
}
