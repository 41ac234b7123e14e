import {
  Background,
  BackgroundVariant,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useComputedColorScheme } from '@mantine/core';
import { useMemo, useRef, useState, type MouseEvent } from 'react';
import { lookup } from '../document/records';
import { pathPrefixOf } from '../state/editor';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { CanvasControls } from './CanvasControls';
import classes from './DesignerCanvas.module.css';
import { EmptyCanvas } from './EmptyCanvas';
import { FarView } from './FarView';
import { asFrameId, FlowElements, type CanvasNode, type TensorEdge } from './flowElements';
import { FrameCard } from './FrameCard';
import { FAR_ZOOM, GRID, MAX_ZOOM, MIN_ZOOM } from './geometry';
import { InsertMenu } from './InsertMenu';
import { LayerCard } from './LayerCard';
import { Minimap } from './Minimap';
import { cardAt, type Scene } from './scene';
import { SelectionMenu } from './SelectionMenu';
import { TensorEdgeLine } from './TensorEdgeLine';
import { useCanvasHandle } from './useCanvasHandle';
import { useCanvasKeys, useClipboardEvents } from './useCanvasKeys';
import { useConnecting } from './useConnecting';
import { useDragging } from './useDragging';
import { useDropping } from './useDropping';
import { useScene } from './useScene';

const NODE_TYPES = { layer: LayerCard, frame: FrameCard };
const EDGE_TYPES = { tensor: TensorEdgeLine };
const SNAP: [number, number] = [GRID, GRID];
const ADD_KEYS = ['Control', 'Meta'];
const NO_NODES: CanvasNode[] = [];
const NO_EDGES: TensorEdge[] = [];

export function DesignerCanvas() {
  return (
    <ReactFlowProvider>
      <Canvas />
    </ReactFlowProvider>
  );
}

function Canvas() {
  const root = useRef<HTMLDivElement>(null);
  const canEdit = useEditor((state) => state.canEdit);
  const scheme = useComputedColorScheme();
  const isFar = useStore((state) => state.transform[2] < FAR_ZOOM);
  const dragging = useDragging();
  const scene = useScene(dragging.moved);
  const dropping = useDropping(scene);
  const connecting = useConnecting();
  const elements = useFlowElements(scene, dropping.dropTarget ?? dragging.dropTarget);
  const { isLayingOut, cancelLayout } = useCanvasHandle(scene, root);
  const onKeyDown = useCanvasKeys(scene);
  const pointing = usePointing(scene, isFar);
  useClipboardEvents(root);
  return (
    <div
      ref={root}
      className={classes.root}
      tabIndex={0}
      role="application"
      aria-label="Network canvas. Arrow keys walk along the layers, slash inserts, Enter edits."
      data-testid={DESIGNER_IDS.canvas}
      data-far={isFar || undefined}
      onKeyDown={onKeyDown}
      onDoubleClick={pointing.onDoubleClick}
      onDragOver={dropping.onDragOver}
      onDragLeave={dropping.onDragLeave}
      onDrop={dropping.onDrop}
      onKeyUp={(event) => {
        if (event.key === 'Tab') markKeyboard(root.current, true);
      }}
      onPointerDown={() => {
        markKeyboard(root.current, false);
        root.current?.focus({ preventScroll: true });
      }}
    >
      <ReactFlow<CanvasNode, TensorEdge>
        nodes={isFar ? NO_NODES : elements.nodes}
        edges={isFar ? NO_EDGES : elements.edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={dragging.onNodesChange}
        onEdgesChange={dragging.onEdgesChange}
        {...connecting}
        onNodeDoubleClick={pointing.onNodeDoubleClick}
        onNodeContextMenu={pointing.onNodeContextMenu}
        onEdgeContextMenu={pointing.onEdgeContextMenu}
        onEdgeMouseEnter={pointing.onEdgeMouseEnter}
        onEdgeMouseLeave={pointing.onEdgeMouseLeave}
        onPaneContextMenu={pointing.onPaneContextMenu}
        onPaneClick={pointing.onPaneClick}
        nodesDraggable={canEdit}
        nodesConnectable={canEdit}
        edgesReconnectable={canEdit}
        nodesFocusable={false}
        edgesFocusable={false}
        disableKeyboardA11y
        elevateNodesOnSelect={false}
        onlyRenderVisibleElements
        snapToGrid
        snapGrid={SNAP}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={ADD_KEYS}
        connectionRadius={24}
        reconnectRadius={8}
        colorMode={scheme}
      >
        {!isFar && <Background variant={BackgroundVariant.Dots} gap={24} size={1} />}
        {isFar && <FarView scene={scene} />}
      </ReactFlow>
      {scene.cards.size === 0 && <EmptyCanvas />}
      <Minimap scene={scene} />
      <CanvasControls isLayingOut={isLayingOut} onCancelLayout={cancelLayout} />
      <InsertMenu />
      <SelectionMenu />
    </div>
  );
}

/** The frame that shows where the keyboard is would only disturb those who point. */
function markKeyboard(canvas: HTMLElement | null, isOn: boolean): void {
  if (isOn) canvas?.setAttribute('data-keyboard', '');
  else canvas?.removeAttribute('data-keyboard');
}

function useFlowElements(scene: Scene, dropTarget: string | null) {
  const [memory] = useState(() => new FlowElements());
  const nodeIds = useEditor((state) => state.nodeIds);
  const edgeIds = useEditor((state) => state.edgeIds);
  const frameIds = useEditor((state) => state.frameIds);
  const prefix = useEditor(pathPrefixOf);
  const chosen = useMemo(() => ({ nodeIds, edgeIds, frameIds }), [nodeIds, edgeIds, frameIds]);
  const nodes = useMemo(
    () => memory.nodesFor(scene, chosen, prefix),
    [memory, scene, chosen, prefix],
  );
  const edges = useMemo(
    () => memory.edgesFor(scene, chosen, prefix, dropTarget),
    [memory, scene, chosen, prefix, dropTarget],
  );
  return { nodes, edges };
}

/** Clicks: double opens a block or inserts, right opens the menu, from afar a click selects. */
function usePointing(scene: Scene, isFar: boolean) {
  const { editor, panels } = useDesigner();
  const { screenToFlowPosition, setCenter } = useReactFlow();
  const place = (event: { clientX: number; clientY: number; currentTarget: unknown }) => {
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
  return {
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
      editor.select(card === null ? [] : [card.id]);
    },
  };
}
