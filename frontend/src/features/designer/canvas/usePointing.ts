import { useReactFlow } from '@xyflow/react';
import type { MouseEvent } from 'react';
import { lookup } from '../document/records';
import { useDesigner } from '../state/DesignerContext';
import { asFrameId, type CanvasNode, type TensorEdge } from './flowElements';
import { cardAt, type Scene } from './scene';

/** Clicks: double opens a block or inserts, right opens the menu, from afar a click selects. */
export function usePointing(scene: Scene, isFar: boolean) {
  const { editor, panels } = useDesigner();
  const { screenToFlowPosition, setCenter } = useReactFlow();
  const place = (event: { clientX: number; clientY: number }) => {
    const pane = document.querySelector('.react-flow')?.getBoundingClientRect();
    return { x: event.clientX - (pane?.left ?? 0), y: event.clientY - (pane?.top ?? 0) };
  };
  const openMenu = (
    event: MouseEvent | globalThis.MouseEvent,
    kind: 'node' | 'edge' | 'canvas',
  ) => {
    event.preventDefault();
    panels.set({ contextMenu: { at: place(event), kind } });
  };
  const selectUnder = (target: Element): 'node' | 'edge' | 'canvas' => {
    const { nodeIds, edgeIds } = editor.state;
    const nodeId = target.closest('.react-flow__node-layer')?.getAttribute('data-id');
    const edgeId = target.closest('.react-flow__edge')?.getAttribute('data-id');
    if (nodeId != null && !nodeIds.has(nodeId)) editor.select([nodeId]);
    if (nodeId != null) return 'node';
    if (edgeId != null && !edgeIds.has(edgeId)) editor.select([], [edgeId]);
    return edgeId == null ? 'canvas' : 'edge';
  };
  return {
    onLongPress: (target: Element, { x, y }: { x: number; y: number }): void => {
      if (target.closest('.react-flow') === null) return;
      const kind = selectUnder(target);
      panels.set({ contextMenu: { at: place({ clientX: x, clientY: y }), kind } });
    },
    onDoubleTap: (target: Element, { x, y }: { x: number; y: number }): void => {
      if (!target.classList.contains('react-flow__pane') || !editor.state.canEdit) return;
      const position = screenToFlowPosition({ x, y });
      const at = place({ clientX: x, clientY: y });
      panels.set({ insertMenu: { at, position, link: null, edgeId: null } });
    },
    onDoubleClick: (event: MouseEvent): void => {
      const isPane =
        event.target instanceof Element && event.target.classList.contains('react-flow__pane');
      if (!isPane) return;
      const position = screenToFlowPosition({ x: event.clientX, y: event.clientY });
      const card = isFar ? cardAt(scene, position) : null;
      if (card !== null) void setCenter(card.x, card.y, { zoom: 0.8, duration: 120 });
      else if (editor.state.canEdit) {
        panels.set({ insertMenu: { at: place(event), position, link: null, edgeId: null } });
      }
    },
    onNodeDoubleClick: (_event: MouseEvent, node: CanvasNode): void => {
      if (lookup(editor.scope.nodes, node.id)?.block != null) editor.enter(node.id);
      else if (asFrameId(node.id) === null) {
        panels.set({ focusName: panels.store.getState().focusName + 1 });
      }
    },
    onNodeContextMenu: (event: MouseEvent, node: CanvasNode): void => {
      const frameId = asFrameId(node.id);
      if (frameId !== null) editor.select([], [], [frameId]);
      else if (!editor.state.nodeIds.has(node.id)) editor.select([node.id]);
      openMenu(event, 'node');
    },
    onEdgeContextMenu: (event: MouseEvent, edge: TensorEdge): void => {
      if (!editor.state.edgeIds.has(edge.id)) editor.select([], [edge.id]);
      openMenu(event, 'edge');
    },
    onEdgeMouseEnter: (_event: MouseEvent, edge: TensorEdge): void =>
      panels.set({ hoveredEdge: edge.id }),
    onEdgeMouseLeave: (): void => panels.set({ hoveredEdge: null }),
    onPaneContextMenu: (event: MouseEvent | globalThis.MouseEvent): void =>
      openMenu(event, 'canvas'),
    onPaneClick: (event: MouseEvent): void => {
      panels.set({ insertMenu: null, contextMenu: null });
      if (!isFar) return;
      const point = screenToFlowPosition({ x: event.clientX, y: event.clientY });
      const card = cardAt(scene, point);
      const adds = event.shiftKey || event.ctrlKey || event.metaKey;
      const kept = adds ? [...editor.state.nodeIds] : [];
      editor.select(card === null ? kept : [...kept, card.id]);
    },
  };
}
