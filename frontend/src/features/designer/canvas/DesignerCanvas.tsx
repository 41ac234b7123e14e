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
import { memo, useMemo, useRef } from 'react';
import { CommentMarkers } from '../comments/CommentMarkers';
import { ComparisonLayer } from '../compare/ComparisonLayer';
import { useDesigner, useEditor, usePreview } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { CanvasControls } from './CanvasControls';
import classes from './DesignerCanvas.module.css';
import { EmptyCanvas } from './EmptyCanvas';
import { FarView } from './FarView';
import type { CanvasNode, TensorEdge } from './flowElements';
import { FrameCard } from './FrameCard';
import { GRID, levelOf, MAX_ZOOM, MIN_ZOOM } from './geometry';
import { GuideLines } from './GuideLines';
import { useMounted } from './useMounted';
import { InsertMenu } from './InsertMenu';
import { PreviewBar } from '../preview/PreviewBar';
import { LayerCard } from './LayerCard';
import { Minimap } from './Minimap';
import { ExpandedCard } from './ExpandedCard';
import type { Scene } from './scene';
import { SelectionMenu } from './SelectionMenu';
import { TensorEdgeLine } from './TensorEdgeLine';
import { useArea } from './useArea';
import { useCanvasHandle } from './useCanvasHandle';
import { useCanvasKeys, useClipboardEvents } from './useCanvasKeys';
import { useConnecting } from './useConnecting';
import { useDragging } from './useDragging';
import { useDropping } from './useDropping';
import { useFarView } from './useFarView';
import { useFlowElements } from './useFlowElements';
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
  const dropping = useDropping(still);
  const connecting = useConnecting(still);
  const area = useArea(isFar);
  const elements = useFlowElements(
    stage,
    area,
    dropping.dropTarget ?? dragging.dropTarget,
    dragging.moved,
    dragging.crossed,
  );
  const mounted = useMounted(elements, isFar);
  const { isLayingOut, cancelLayout } = useCanvasHandle(stage, root, travel);
  const onKeyDown = useCanvasKeys(focus.scene);
  const { onLongPress, onDoubleTap, ...pointing } = usePointing(still, isFar);
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
        onlyRenderVisibleElements={mounted.isCulled}
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
      <Overlays scene={still.all} isLayingOut={isLayingOut} onCancelLayout={cancelLayout} />
    </div>
  );
}

interface OverlaysProps {
  scene: Scene;
  isLayingOut: boolean;
  onCancelLayout: () => void;
}

/** What lies over the canvas: nothing of it is drawn anew while something is dragged. */
const Overlays = memo(function Overlays({ scene, isLayingOut, onCancelLayout }: OverlaysProps) {
  return (
    <>
      <Minimap scene={scene} />
      <PreviewBar />
      <CanvasControls isLayingOut={isLayingOut} onCancelLayout={onCancelLayout} />
      <InsertMenu />
      <SelectionMenu />
    </>
  );
});

/** The frame that shows where the keyboard is would only disturb those who point. */
function markKeyboard(canvas: HTMLElement | null, isOn: boolean): void {
  if (isOn) canvas?.setAttribute('data-keyboard', '');
  else canvas?.removeAttribute('data-keyboard');
}
