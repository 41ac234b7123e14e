import { useReactFlow } from '@xyflow/react';
import { useState, type DragEvent } from 'react';
import { portsIn } from '../document/ports';
import type { Position } from '../document/types';
import { useDesigner } from '../state/DesignerContext';
import { insertables, readyFor, wantedOf } from '../state/insertable';
import { addAt, addOnEdge } from '../state/placement';
import { wireAt } from './scene';
import { scopeAt, type PlacedScope, type Stage } from './stage';
import { focusOn } from './useStage';

/** What the palette puts on the clipboard of a drag: `layer:Conv2d`, `library:residual` or `block:<id>`. */
export const DRAG_TYPE = 'application/x-netloom-layer';

const DROP_REACH = 24;

/** Layers dragged from the palette; over a connection they land on it. */
export function useDropping(stage: Stage) {
  const designer = useDesigner();
  const { screenToFlowPosition } = useReactFlow();
  const [target, setTarget] = useState<string | null>(null);

  const under = (event: DragEvent): { placed: PlacedScope; point: Position; wire: string | null } | null => {
    const point = screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const placed = scopeAt(stage, point);
    if (placed === undefined) return null;
    return { placed, point, wire: wireAt(placed.scene, point, DROP_REACH)?.id ?? null };
  };

  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    const found = under(event);
    setTarget(found?.wire == null ? null : found.placed.prefix + found.wire);
  };

  const onDrop = (event: DragEvent): void => {
    setTarget(null);
    const key = event.dataTransfer.getData(DRAG_TYPE);
    const found = under(event);
    if (key === '' || found === null) return;
    event.preventDefault();
    focusOn(designer.editor, found.placed);
    const isAllowed = insertables(designer, '').some((each) => each.key === key);
    const wanted = isAllowed ? wantedOf(designer, key) : null;
    if (wanted === null) {
      designer.editor.say('That cannot stand in this block.');
      return;
    }
    const { inputs, outputs } = portsIn(
      readyFor(designer, wanted),
      designer.catalog.layerPorts,
    )(wanted.node);
    const { placed, point, wire } = found;
    if (wire !== null && inputs.length > 0 && outputs.length > 0) addOnEdge(designer, wanted, wire);
    else addAt(designer, wanted, placed.toDocument({ ...point, width: 0, height: 0 }));
    designer.panels.canvas?.focus();
  };

  return { dropTarget: target, onDragOver, onDrop, onDragLeave: () => setTarget(null) };
}
