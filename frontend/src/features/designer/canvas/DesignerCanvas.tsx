import {
  Background,
  BackgroundVariant,
  ReactFlow,
  ReactFlowProvider,
  useKeyPress,
  useStore,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useComputedColorScheme } from '@mantine/core';
import { useMemo, useRef, useState } from 'react';
import { CommentMarkers } from '../comments/CommentMarkers';
import { ComparisonLayer } from '../compare/ComparisonLayer';
import { pagePrefixOf } from '../state/editor';
import { useDesigner, useEditor, usePreview } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { CanvasControls } from './CanvasControls';
import classes from './DesignerCanvas.module.css';
import { EmptyCanvas } from './EmptyCanvas';
import { FarView } from './FarView';
import { FlowElements, type CanvasNode, type TensorEdge } from './flowElements';
import { FrameCard } from './FrameCard';
import { GRID, levelOf, MAX_ZOOM, MIN_ZOOM } from './geometry';
import { GuideLines } from './GuideLines';
import { useGradual } from './useGradual';
import { InsertMenu } from './InsertMenu';
import { PreviewBar } from '../preview/PreviewBar';
import { LayerCard } from './LayerCard';
import { Minimap } from './Minimap';
import { ExpandedCard } from './ExpandedCard';
import type { Stage } from './stage';
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
import { focusOf, focusPrefixOf, useStage } from './useStage';

const NODE_TYPES = { layer: LayerCard, expanded: ExpandedCard, frame: FrameCard };
const EDGE_TYPES = { tensor: TensorEdgeLine };
const SNAP: [number, number] = [GRID, GRID];
const ADD_KEYS = ['Control', 'Meta', 'Shift'];

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
  const zoomLevel = useStore((state) => levelOf(state.transform[2]));
  const level = isFar ? 'far' : zoomLevel;
  const { still, withMoved } = useStage();
  const dragging = useDragging(still);
  const stage = useMemo(() => withMoved(dragging.moved), [withMoved, dragging.moved]);
  const focus = focusOf(stage, useEditor((state) => focusPrefixOf({ state })));
  const dropping = useDropping(stage);
  const connecting = useConnecting(stage);
  const elements = useFlowElements(
    stage,
    dropping.dropTarget ?? dragging.dropTarget,
    dragging.moved.size > 0,
  );
  const mounted = useGradual(elements, isFar);
  const { isLayingOut, cancelLayout } = useCanvasHandle(stage, root, travel);
  const onKeyDown = useCanvasKeys(focus.scene);
  const { onLongPress, onDoubleTap, ...pointing } = usePointing(stage, isFar);
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
      data-level={level}
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
        nodes={mounted.nodes}
        edges={mounted.edges}
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
        {(isFar || !mounted.isWhole) && <FarView scene={stage.all} />}
        <GuideLines lines={dragging.guides} />
        <ComparisonLayer placed={focus} />
        {stage.scopes.map((placed) => (
          <CommentMarkers key={placed.prefix} placed={placed} />
        ))}
      </ReactFlow>
      {stage.all.cards.size === 0 && <EmptyCanvas />}
      <Minimap scene={stage.all} />
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

function useFlowElements(stage: Stage, dropTarget: string | null, isDragging: boolean) {
  const [memory] = useState(() => new FlowElements());
  const nodeIds = useEditor((state) => state.nodeIds);
  const edgeIds = useEditor((state) => state.edgeIds);
  const frameIds = useEditor((state) => state.frameIds);
  const page = useEditor(pagePrefixOf);
  const prefix = useEditor((state) => focusPrefixOf({ state }));
  const chosen = useMemo(
    () => ({ prefix, nodeIds, edgeIds, frameIds }),
    [prefix, nodeIds, edgeIds, frameIds],
  );
  const nodes = useMemo(() => memory.nodesFor(stage, chosen, page), [memory, stage, chosen, page]);
  const edges = useMemo(
    () => memory.edgesFor(stage, chosen, page, dropTarget, isDragging),
    [memory, stage, chosen, page, dropTarget, isDragging],
  );
  return useMemo(() => ({ nodes, edges }), [nodes, edges]);
}
