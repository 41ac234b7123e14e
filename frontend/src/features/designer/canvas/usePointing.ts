import { useReactFlow } from '@xyflow/react';
import { useMemo, type MouseEvent } from 'react';
import { lookup } from '../document/records';
import { useDesigner } from '../state/DesignerContext';
import { applyEdgeSelection, applyNodeSelection } from './selecting';
import { asFramePath, idOfPath, type CanvasNode, type TensorEdge } from './flowElements';
import { cardAt } from './scene';
import { scopeAt, scopeOfPath, type Stage } from './stage';
import { focusOn, focusPrefixOf } from './useStage';

const LAYERS = '.react-flow__node-layer, .react-flow__node-expanded';

/**
 * Clicks: double opens a block or inserts, right opens the menu, from afar a click selects.
 *
 * The same functions for as long as the stage is the same: React Flow draws anew for others.
 */
export function usePointing(stage: Stage, isFar: boolean) {
  const designer = useDesigner();
  const { editor, panels } = designer;
  const { screenToFlowPosition, setCenter } = useReactFlow();
  return useMemo(() => {
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
    const choose = (id: string): void =>
      applyNodeSelection(designer, stage, [
        ...selectedPaths().map((path) => ({ type: 'select', id: path, selected: false }) as const),
        { type: 'select', id, selected: true },
      ]);
    const chooseEdge = (id: string): void => {
      editor.select([]);
      applyEdgeSelection(designer, stage, [{ type: 'select', id, selected: true }]);
    };
    const selectedPaths = (): string[] =>
      [...editor.state.nodeIds].map((id) => focusPrefixOf(editor) + id);
    const isSelected = (ids: ReadonlySet<string>, path: string): boolean =>
      ids.has(idOfPath(path)) && focusPrefixOf(editor) + idOfPath(path) === path;
    const selectUnder = (target: Element): 'node' | 'edge' | 'canvas' => {
      const { nodeIds, edgeIds } = editor.state;
      const path = target.closest(LAYERS)?.getAttribute('data-id');
      const edgePath = target.closest('.react-flow__edge')?.getAttribute('data-id');
      if (path != null && !isSelected(nodeIds, path)) choose(path);
      if (path != null) return 'node';
      if (edgePath != null && !isSelected(edgeIds, edgePath)) chooseEdge(edgePath);
      return edgePath == null ? 'canvas' : 'edge';
    };
    /** Insert by typing at a point, in the scope that is drawn there. */
    const openInsert = (event: { clientX: number; clientY: number }): void => {
      const point = screenToFlowPosition({ x: event.clientX, y: event.clientY });
      const placed = scopeAt(stage, point);
      if (placed === undefined || !editor.state.canEdit) return;
      focusOn(editor, placed);
      const position = placed.toDocument({ ...point, width: 0, height: 0 });
      panels.set({ insertMenu: { at: place(event), position, link: null, edgeId: null } });
    };
    return {
      onLongPress: (target: Element, { x, y }: { x: number; y: number }): void => {
        if (target.closest('.react-flow') === null) return;
        const kind = selectUnder(target);
        panels.set({ contextMenu: { at: place({ clientX: x, clientY: y }), kind } });
      },
      onDoubleTap: (target: Element, { x, y }: { x: number; y: number }): void => {
        if (!target.classList.contains('react-flow__pane')) return;
        openInsert({ clientX: x, clientY: y });
      },
      onDoubleClick: (event: MouseEvent): void => {
        const isPane =
          event.target instanceof Element && event.target.classList.contains('react-flow__pane');
        if (!isPane) return;
        const position = screenToFlowPosition({ x: event.clientX, y: event.clientY });
        const card = isFar ? cardAt(stage.all, position) : null;
        if (card !== null) void setCenter(card.x, card.y, { zoom: 0.8, duration: 120 });
        else openInsert(event);
      },
      onNodeDoubleClick: (_event: MouseEvent, node: CanvasNode): void => {
        const placed = scopeOfPath(stage, node.id);
        if (asFramePath(node.id) !== null || placed === undefined) return;
        focusOn(editor, placed);
        const nodeId = idOfPath(node.id);
        if (lookup(editor.scope.nodes, nodeId)?.block != null) editor.enter(nodeId);
        else {
          panels.set({ focusName: panels.store.getState().focusName + 1 });
        }
      },
      onNodeContextMenu: (event: MouseEvent, node: CanvasNode): void => {
        const framePath = asFramePath(node.id);
        if (framePath !== null) {
          editor.select([]);
          choose(node.id);
        } else if (!isSelected(editor.state.nodeIds, node.id)) choose(node.id);
        openMenu(event, 'node');
      },
      onEdgeContextMenu: (event: MouseEvent, edge: TensorEdge): void => {
        if (!isSelected(editor.state.edgeIds, edge.id)) chooseEdge(edge.id);
        openMenu(event, 'edge');
      },
      onEdgeMouseEnter: (_event: MouseEvent, edge: TensorEdge): void =>
        panels.set({ hoveredEdge: edge.id }),
      onEdgeMouseLeave: (): void => panels.set({ hoveredEdge: null }),
      onPaneContextMenu: (event: MouseEvent | globalThis.MouseEvent): void =>
        openMenu(event, 'canvas'),
      onPaneClick: (event: MouseEvent): void => {
        panels.set({ insertMenu: null, contextMenu: null });
        const point = screenToFlowPosition({ x: event.clientX, y: event.clientY });
        const card = isFar ? cardAt(stage.all, point) : null;
        const adds = event.shiftKey || event.ctrlKey || event.metaKey;
        if (card !== null) {
          if (!adds) editor.select([]);
          applyNodeSelection(designer, stage, [{ type: 'select', id: card.id, selected: true }]);
          return;
        }
        if (isFar && !adds) editor.select([]);
        const placed = scopeAt(stage, point);
        if (placed !== undefined) focusOn(editor, placed);
      },
    };
  }, [designer, editor, panels, stage, isFar, screenToFlowPosition, setCenter]);
}
