import { useStore } from '@xyflow/react';
import { useMemo, useState } from 'react';
import { useEditor } from '../state/DesignerContext';
import { pagePrefixOf } from '../state/editorPlace';
import { FlowElements, type CanvasNode, type TensorEdge } from './flowElements';
import type { Rect } from './geometry';
import type { Moved } from './scene';
import type { Stage } from './stage';
import { focusPrefixOf } from './useStage';

/** Before the pane has a size. */
const NOTHING: { nodes: CanvasNode[]; edges: TensorEdge[] } = { nodes: [], edges: [] };

/** What React Flow is told of; what did not change keeps its object. */
export function useFlowElements(
  stage: Stage,
  area: Rect | null,
  dropTarget: string | null,
  moved: Moved,
  crossed: string | null,
) {
  const [memory] = useState(() => new FlowElements());
  const nodeIds = useEditor((state) => state.nodeIds);
  const edgeIds = useEditor((state) => state.edgeIds);
  const frameIds = useEditor((state) => state.frameIds);
  const page = useEditor(pagePrefixOf);
  const prefix = useEditor((state) => focusPrefixOf({ state }));
  const connected = useStore(({ connection }) => connection.fromNode?.id);
  const chosen = useMemo(
    () => ({ prefix, nodeIds, edgeIds, frameIds }),
    [prefix, nodeIds, edgeIds, frameIds],
  );
  return useMemo(() => {
    if (area === null) return NOTHING;
    const pinned = new Set([...moved.keys(), ...(connected === undefined ? [] : [connected])]);
    const part = { stage, area, chosen, page, pinned, dropTarget, crossed };
    return memory.elementsFor(part, moved.size > 0);
  }, [memory, stage, area, chosen, page, moved, connected, dropTarget, crossed]);
}
