import { useReactFlow } from '@xyflow/react';
import { useState, type DragEvent } from 'react';
import { portsIn } from '../document/ports';
import { useDesigner } from '../state/DesignerContext';
import { readyFor, wantedOf } from '../state/insertable';
import { addAt, addOnEdge } from '../state/placement';
import { wireAt, type Scene } from './scene';

/** What the palette puts on the clipboard of a drag: `layer:Conv2d`, `library:residual` or `block:<id>`. */
export const DRAG_TYPE = 'application/x-netloom-layer';

const DROP_REACH = 24;

/** Layers dragged from the palette; over a connection they land on it. */
export function useDropping(scene: Scene) {
  const designer = useDesigner();
  const { screenToFlowPosition } = useReactFlow();
  const [target, setTarget] = useState<string | null>(null);

  const wireUnder = (event: DragEvent): string | null => {
    const point = screenToFlowPosition({ x: event.clientX, y: event.clientY });
    return wireAt(scene, point, DROP_REACH)?.id ?? null;
  };

  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    setTarget(wireUnder(event));
  };

  const onDrop = (event: DragEvent): void => {
    setTarget(null);
    const key = event.dataTransfer.getData(DRAG_TYPE);
    const wanted = wantedOf(designer, key);
    if (wanted === null) return;
    event.preventDefault();
    const { inputs, outputs } = portsIn(
      readyFor(designer, wanted),
      designer.catalog.layerPorts,
    )(wanted.node);
    const edgeId = wireUnder(event);
    if (edgeId !== null && inputs.length > 0 && outputs.length > 0) {
      addOnEdge(designer, wanted, edgeId);
    } else {
      addAt(designer, wanted, screenToFlowPosition({ x: event.clientX, y: event.clientY }));
    }
    designer.panels.canvas?.focus();
  };

  return { dropTarget: target, onDragOver, onDrop, onDragLeave: () => setTarget(null) };
}
