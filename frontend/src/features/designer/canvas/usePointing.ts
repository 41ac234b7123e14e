import { useReactFlow } from '@xyflow/react';
import { useMemo, type MouseEvent } from 'react';
import { lookup } from '../document/records';
import { useDesigner } from '../state/DesignerContext';
import { applyEdgeSelection, applyNodeSelection } from './selecting';
import { asFramePath, idOfPath, type CanvasNode, type TensorEdge } from './flowElements';
import { hitAt, type Hit } from './scene';
import { scopeAt, scopeOfPath, type Stage } from './stage';
import { focusOn, focusPrefixOf } from './useStage';

const LAYERS = '.react-flow__node-layer, .react-flow__node-expanded';
/** On screen, from the middle of a connection that is drawn from afar. */
const WIRE_REACH_PX = 4;

/**
 * Clicks: double opens a block or inserts, right opens the menu. From afar, what lies there is
 * found by its place.
 *
 * The same functions for as long as the stage is the same: React Flow draws anew for others.
 */
export function usePointing(stage: Stage, isFar: boolean) {
  const designer = useDesigner();
  const { editor, panels } = designer;
  const { screenToFlowPosition, setCenter, getZoom } = useReactFlow();
  return useMemo(() => {
    const place = (event: { clientX: number; clientY: number }) => {
      const pane = document.querySelector('.react-flow')?.getBoundingClientRect();
      return { x: event.clientX - (pane?.left ?? 0), y: event.clientY - (pane?.top ?? 0) };
    };
    const openMenu = (event: MouseEvent | globalThis.MouseEvent, kind: Hit['kind']) => {
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
    /** What a menu opens for is selected, unless it was among what is. */
    const select = ({ kind, id }: Hit): Hit['kind'] => {
      const { nodeIds, edgeIds } = editor.state;
      if (kind === 'node' && !isSelected(nodeIds, id)) choose(id);
      if (kind === 'edge' && !isSelected(edgeIds, id)) chooseEdge(id);
      return kind;
    };
    const mountedAt = (target: Element): Hit => {
      const path = target.closest(LAYERS)?.getAttribute('data-id');
      if (path != null) return { kind: 'node', id: path };
      const edgePath = target.closest('.react-flow__edge')?.getAttribute('data-id');
      return edgePath == null ? { kind: 'canvas', id: '' } : { kind: 'edge', id: edgePath };
    };
    /** From afar nothing is mounted: everything is part of one picture. */
    const drawnAt = (event: { clientX: number; clientY: number }): Hit =>
      hitAt(
        stage.all,
        screenToFlowPosition({ x: event.clientX, y: event.clientY }, { snapToGrid: false }),
        WIRE_REACH_PX / getZoom(),
      );
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
        const at = { clientX: x, clientY: y };
        const kind = select(isFar ? drawnAt(at) : mountedAt(target));
        panels.set({ contextMenu: { at: place(at), kind } });
      },
      onDoubleTap: (target: Element, { x, y }: { x: number; y: number }): void => {
        if (!target.classList.contains('react-flow__pane')) return;
        openInsert({ clientX: x, clientY: y });
      },
      onDoubleClick: (event: MouseEvent): void => {
        const isPane =
          event.target instanceof Element && event.target.classList.contains('react-flow__pane');
        if (!isPane) return;
        const hit = isFar ? drawnAt(event) : null;
        const card = hit?.kind === 'node' ? stage.all.cards.get(hit.id) : undefined;
        if (card !== undefined) void setCenter(card.x, card.y, { zoom: 0.8, duration: 120 });
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
        } else select({ kind: 'node', id: node.id });
        openMenu(event, 'node');
      },
      onEdgeContextMenu: (event: MouseEvent, edge: TensorEdge): void => {
        openMenu(event, select({ kind: 'edge', id: edge.id }));
      },
      onEdgeMouseEnter: (_event: MouseEvent, edge: TensorEdge): void =>
        panels.set({ hoveredEdge: edge.id }),
      onEdgeMouseLeave: (): void => panels.set({ hoveredEdge: null }),
      onPaneContextMenu: (event: MouseEvent | globalThis.MouseEvent): void =>
        openMenu(event, isFar ? select(drawnAt(event)) : 'canvas'),
      onPaneClick: (event: MouseEvent): void => {
        panels.set({ insertMenu: null, contextMenu: null });
        const point = screenToFlowPosition({ x: event.clientX, y: event.clientY });
        const hit = isFar ? drawnAt(event) : null;
        const adds = event.shiftKey || event.ctrlKey || event.metaKey;
        if (hit?.kind === 'node') {
          if (!adds) editor.select([]);
          applyNodeSelection(designer, stage, [{ type: 'select', id: hit.id, selected: true }]);
          return;
        }
        if (isFar && !adds) editor.select([]);
        const placed = scopeAt(stage, point);
        if (placed !== undefined) focusOn(editor, placed);
      },
    };
  }, [designer, editor, panels, stage, isFar, screenToFlowPosition, setCenter, getZoom]);
}
