import {
  Background,
  BackgroundVariant,
  ReactFlow,
  ReactFlowProvider,
  useKeyPress,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useComputedColorScheme } from '@mantine/core';
import { useMemo, useRef, useState } from 'react';
import { CommentMarkers } from '../comments/CommentMarkers';
import { ComparisonLayer } from '../compare/ComparisonLayer';
import { pathPrefixOf } from '../state/editor';
import { useDesigner, useEditor, usePreview } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { CanvasControls } from './CanvasControls';
import classes from './DesignerCanvas.module.css';
import { EmptyCanvas } from './EmptyCanvas';
import { FarView } from './FarView';
import { FlowElements, type CanvasNode, type TensorEdge } from './flowElements';
import { FrameCard } from './FrameCard';
import { GRID, MAX_ZOOM, MIN_ZOOM } from './geometry';
import { GuideLines } from './GuideLines';
import { InsertMenu } from './InsertMenu';
import { PreviewBar } from '../preview/PreviewBar';
import { LayerCard } from './LayerCard';
import { Minimap } from './Minimap';
import type { Scene } from './scene';
import { SelectionMenu } from './SelectionMenu';
import { TensorEdgeLine } from './TensorEdgeLine';
import { useCanvasHandle } from './useCanvasHandle';
import { useCanvasKeys, useClipboardEvents } from './useCanvasKeys';
import { useConnecting } from './useConnecting';
import { useDragging } from './useDragging';
import { useDropping } from './useDropping';
import { useFarView } from './useFarView';
import { usePointing } from './usePointing';
import { useTouching } from './useTouching';
import { useScene } from './useScene';

const NODE_TYPES = { layer: LayerCard, frame: FrameCard };
const EDGE_TYPES = { tensor: TensorEdgeLine };
const SNAP: [number, number] = [GRID, GRID];
const ADD_KEYS = ['Control', 'Meta', 'Shift'];
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
  const { panels } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const isShiftDown = useKeyPress('Shift');
  const scheme = useComputedColorScheme();
  const { isFar, travel } = useFarView();
  const dragging = useDragging();
  const scene = useScene(dragging.moved);
  const dropping = useDropping(scene);
  const connecting = useConnecting();
  const elements = useFlowElements(
    scene,
    dropping.dropTarget ?? dragging.dropTarget,
    dragging.moved.size > 0,
  );
  const { isLayingOut, cancelLayout } = useCanvasHandle(scene, root, travel);
  const onKeyDown = useCanvasKeys(scene);
  const { onLongPress, onDoubleTap, ...pointing } = usePointing(scene, isFar);
  const touching = useTouching({ onLongPress, onDoubleTap });
  useClipboardEvents(root);
  const previewed = usePreview(({ isOn, isStale }) => (isOn ? (isStale ? 'stale' : 'fresh') : undefined));
  return (
    <div
      ref={root}
      className={classes.root}
      tabIndex={0}
      role="application"
      aria-label="Network canvas. Arrow keys walk along the layers, slash inserts, Enter edits."
      data-testid={DESIGNER_IDS.canvas}
      data-far={isFar || undefined}
      data-preview={previewed}
      onKeyDown={onKeyDown}
      {...touching}
      onDoubleClick={pointing.onDoubleClick}
      onDragOver={dropping.onDragOver}
      onDragLeave={dropping.onDragLeave}
      onDrop={dropping.onDrop}
      onKeyUp={(event) => {
        if (event.key === 'Tab') markKeyboard(root.current, true);
      }}
      onFocus={(event) => {
        if (event.target === root.current) panels.keepKeyboardAt(null);
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
        // Only from between the layers: on a layer, Shift adds to what is selected.
        selectionKeyCode={null}
        selectionOnDrag={isShiftDown}
        panOnDrag={!isShiftDown}
        multiSelectionKeyCode={ADD_KEYS}
        connectionRadius={24}
        reconnectRadius={8}
        colorMode={scheme}
      >
        {!isFar && <Background variant={BackgroundVariant.Dots} gap={24} size={1} />}
        {isFar && <FarView scene={scene} />}
        <GuideLines lines={dragging.guides} />
        <ComparisonLayer scene={scene} />
        <CommentMarkers scene={scene} />
      </ReactFlow>
      {scene.cards.size === 0 && <EmptyCanvas />}
      <Minimap scene={scene} />
      <PreviewBar />
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

function useFlowElements(scene: Scene, dropTarget: string | null, isDragging: boolean) {
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
    () => memory.edgesFor(scene, chosen, prefix, dropTarget, isDragging),
    [memory, scene, chosen, prefix, dropTarget, isDragging],
  );
  return { nodes, edges };
}
