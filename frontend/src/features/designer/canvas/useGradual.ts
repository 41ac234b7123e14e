import { useStore } from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import type { CanvasNode, TensorEdge } from './flowElements';

const NO_NODES: CanvasNode[] = [];
const NO_EDGES: TensorEdge[] = [];
/** Cards that are mounted within one frame without holding it up. */
const PER_FRAME = 12;

interface Elements {
  readonly nodes: CanvasNode[];
  readonly edges: TensorEdge[];
}

/**
 * Elements for the DOM: none from afar. Coming near, those in view are mounted a few a frame; until
 * all are there, what was drawn from afar stays beneath them.
 */
export function useGradual(elements: Elements, isFar: boolean): Elements & { isWhole: boolean } {
  const [count, setCount] = useState(isFar ? 0 : Infinity);
  const view = useStore(({ transform, width, height }) =>
    count === 0 ? `${transform.join()},${width},${height}` : '',
  );
  const [arrived, setArrived] = useState('');
  if (isFar && count !== 0) setCount(0);
  if (!isFar && count === 0) {
    setCount(PER_FRAME);
    setArrived(view);
  }
  const inView = useMemo(() => {
    if (count === 0 || count === Infinity) return [];
    return elements.nodes.filter((node) => isInView(node, arrived));
  }, [elements.nodes, arrived, count]);
  const isWhole = count === Infinity;
  useEffect(() => {
    if (isFar || count === Infinity || count === 0) return;
    const frame = requestAnimationFrame(() =>
      setCount(count >= inView.length ? Infinity : count + PER_FRAME),
    );
    return () => cancelAnimationFrame(frame);
  }, [count, inView.length, isFar]);
  if (isFar || count === 0) return { nodes: NO_NODES, edges: NO_EDGES, isWhole: false };
  if (isWhole) return { ...elements, isWhole };
  return { nodes: inView.slice(0, count), edges: NO_EDGES, isWhole };
}

function isInView({ position, width = 0, height = 0 }: CanvasNode, view: string): boolean {
  const [x = 0, y = 0, zoom = 1, paneWidth = 0, paneHeight = 0] = view.split(',').map(Number);
  const left = position.x * zoom + x;
  const top = position.y * zoom + y;
  return (
    left < paneWidth && left + width * zoom > 0 && top < paneHeight && top + height * zoom > 0
  );
}
