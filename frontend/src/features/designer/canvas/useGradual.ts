import { useStoreApi } from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import type { CanvasNode, TensorEdge } from './flowElements';
import type { Rect } from './geometry';
import { overlaps, seenIn } from './rects';

const NO_NODES: CanvasNode[] = [];
const NO_EDGES: TensorEdge[] = [];
/** Cards that are mounted within one frame without holding it up. */
const PER_FRAME = 5;

interface Elements {
  readonly nodes: CanvasNode[];
  readonly edges: TensorEdge[];
}

/** Some of what was in view where the view came near. */
interface Part {
  readonly view: Rect;
  readonly count: number;
}

/**
 * Elements for the DOM: none from afar. Coming near, those in view are mounted a few a frame;
 * until all are there, what is drawn from afar stays beneath them.
 */
export function useGradual(elements: Elements, isFar: boolean): Elements & { isWhole: boolean } {
  const flow = useStoreApi();
  const [mounted, setMounted] = useState<Part | 'all' | 'none'>(isFar ? 'none' : 'all');
  if (isFar && mounted !== 'none') setMounted('none');
  if (!isFar && mounted === 'none') setMounted({ view: seenIn(flow.getState()), count: PER_FRAME });
  const part = typeof mounted === 'string' ? null : mounted;
  const view = part?.view ?? null;
  const inView = useMemo(
    () => (view === null ? NO_NODES : elements.nodes.filter((node) => isIn(node, view))),
    [elements.nodes, view],
  );
  useEffect(() => {
    if (part === null) return;
    const frame = requestAnimationFrame(() => {
      const count = part.count + PER_FRAME;
      setMounted(part.count >= inView.length ? 'all' : { ...part, count });
    });
    return () => cancelAnimationFrame(frame);
  }, [part, inView]);
  return useMemo(() => {
    if (mounted === 'all') return { ...elements, isWhole: true };
    if (mounted === 'none') return { nodes: NO_NODES, edges: NO_EDGES, isWhole: false };
    return { nodes: inView.slice(0, mounted.count), edges: NO_EDGES, isWhole: false };
  }, [elements, mounted, inView]);
}

function isIn({ position, width = 0, height = 0 }: CanvasNode, view: Rect): boolean {
  return overlaps({ ...position, width, height }, view);
}
