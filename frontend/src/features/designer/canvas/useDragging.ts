import { useKeyPress, useReactFlow, type EdgeChange, type NodeChange } from '@xyflow/react';
import { useState } from 'react';
import type { Operation } from '../document/operations';
import { moveOntoEdge } from '../document/insert';
import { lookup } from '../document/records';
import { edgesInto, edgesOutOf } from '../document/scope';
import type { Position } from '../document/types';
import { portsOfDesigner, useDesigner, type Designer } from '../state/DesignerContext';
import { spacingFor } from '../state/placement';
import { asFrameId, type CanvasNode, type TensorEdge } from './flowElements';
import { boundsOf, GRID } from './geometry';
import { snapToNeighbours, type GuideLine } from './guides';
import { cardsWithin, makeScene, wireAt, type Moved, type Scene } from './scene';

const DROP_REACH = 28;
const NONE: Moved = new Map();

interface Drag {
  readonly moved: Moved;
  /** The connection that a single, loose layer would land on. */
  readonly dropTarget: string | null;
  readonly guides: readonly GuideLine[];
}

const IDLE: Drag = { moved: NONE, dropTarget: null, guides: [] };
/** On screen; the grid pulls as well, so that less would never be felt. */
const GUIDE_REACH_PX = 6;

/** Follows drags and selections of React Flow; the document changes when the drag ends. */
export function useDragging() {
  const designer = useDesigner();
  const { editor } = designer;
  const [drag, setDrag] = useState(IDLE);
  const { getZoom } = useReactFlow();
  // Held while dragging, it lets a layer stand beside the lines.
  const isAltDown = useKeyPress('Alt');

  const onNodesChange = (changes: NodeChange<CanvasNode>[]): void => {
    applySelection(designer, changes);
    const places = changes.flatMap((change): [string, Position][] =>
      change.type === 'position' && change.position !== undefined
        ? [[change.id, change.position]]
        : [],
    );
    if (places.length === 0 || !editor.state.canEdit) return;
    const scene = sceneOf(designer);
    const raw = withCarried(scene, new Map(places));
    const reach = Math.max(GRID - 1, GUIDE_REACH_PX / getZoom());
    const { moved, guides } = isAltDown ? { moved: raw, guides: [] } : aligned(scene, raw, reach);
    const dropTarget = findDropTarget(designer, scene, moved);
    const hasEnded = changes.some((change) => change.type === 'position' && !change.dragging);
    if (!hasEnded) {
      setDrag({ moved, dropTarget, guides: dropTarget === null ? guides : [] });
      return;
    }
    setDrag(IDLE);
    commit(designer, scene, moved, dropTarget);
  };

  const onEdgesChange = (changes: EdgeChange<TensorEdge>[]): void => {
    const { nodeIds, edgeIds, frameIds } = editor.state;
    const next = new Set(edgeIds);
    for (const change of changes) {
      if (change.type !== 'select') continue;
      if (change.selected) next.add(change.id);
      else next.delete(change.id);
    }
    if (changes.some((change) => change.type === 'select')) editor.select(nodeIds, next, frameIds);
  };

  return { ...drag, onNodesChange, onEdgesChange };
}

function sceneOf(designer: Designer): Scene {
  const { editor } = designer;
  const { document } = editor.state;
  return makeScene(document, editor.scopeId, editor.scope, portsOfDesigner(designer));
}

function applySelection({ editor }: Designer, changes: NodeChange<CanvasNode>[]): void {
  if (!changes.some((change) => change.type === 'select')) return;
  const { nodeIds, edgeIds, frameIds } = editor.state;
  const nodes = new Set(nodeIds);
  const frames = new Set(frameIds);
  for (const change of changes) {
    if (change.type !== 'select') continue;
    const frameId = asFrameId(change.id);
    const set = frameId === null ? nodes : frames;
    if (change.selected) set.add(frameId ?? change.id);
    else set.delete(frameId ?? change.id);
  }
  editor.select(nodes, edgeIds, frames);
}

/** A frame takes along the layers that lie in it. Keys are ids of the document. */
function withCarried(scene: Scene, places: ReadonlyMap<string, Position>): Moved {
  const moved = new Map<string, Position>();
  for (const [flowId, place] of places) {
    const frameId = asFrameId(flowId);
    moved.set(frameId ?? flowId, place);
    const frame = scene.frames.find((each) => each.id === frameId);
    if (frame === undefined) continue;
    for (const card of cardsWithin(scene, frame)) {
      if (places.has(card.id)) continue;
      moved.set(card.id, { x: card.x + place.x - frame.x, y: card.y + place.y - frame.y });
    }
  }
  return moved;
}

/** What is dragged, as one box, lined up with the layers that stay. */
function aligned(
  scene: Scene,
  moved: Moved,
  reach: number,
): { moved: Moved; guides: readonly GuideLine[] } {
  const cards = [...moved].flatMap(([id, place]) => {
    const card = scene.cards.get(id);
    return card === undefined ? [] : [{ ...card, ...place }];
  });
  const box = boundsOf(cards);
  // Frames carry layers along, and stand for themselves.
  if (box === null || cards.length < moved.size) return { moved, guides: [] };
  const others = [...scene.cards.values()].filter(({ id }) => !moved.has(id));
  const { dx, dy, lines } = snapToNeighbours(box, others, reach);
  const placed = cards.map(({ id, x, y }) => [id, { x: x + dx, y: y + dy }] as const);
  return { moved: new Map(placed), guides: lines };
}

function findDropTarget({ editor }: Designer, scene: Scene, moved: Moved): string | null {
  const [entry, ...more] = moved;
  const card = entry === undefined ? undefined : scene.cards.get(entry[0]);
  if (entry === undefined || card === undefined || more.length > 0) return null;
  const isLoose =
    edgesInto(editor.scope, card.id).length === 0 && edgesOutOf(editor.scope, card.id).length === 0;
  const fits = card.ports.inputs.length > 0 && card.ports.outputs.length > 0;
  if (!isLoose || !fits) return null;
  const [, place] = entry;
  const middle = { x: place.x + card.width / 2, y: place.y + card.height / 2 };
  return wireAt(scene, middle, DROP_REACH)?.id ?? null;
}

function commit(designer: Designer, scene: Scene, moved: Moved, dropTarget: string | null): void {
  const { editor } = designer;
  const { document } = editor.state;
  const positions: Record<string, Position> = {};
  const operations: Operation[] = [];
  for (const [id, place] of moved) {
    if (scene.cards.has(id)) {
      positions[id] = place;
      continue;
    }
    const frame = lookup(document.view.frames, id);
    if (frame === undefined) continue;
    operations.push({ op: 'set_frame', frame_id: id, frame: { ...frame, ...place } });
  }
  const names = Object.keys(positions).map((id) => scene.cards.get(id)?.node.name ?? id);
  if (names.length > 0) operations.push({ op: 'move_nodes', positions });
  const [nodeId] = Object.keys(positions);
  const portsOf = portsOfDesigner(designer);
  const joined =
    dropTarget === null || nodeId === undefined
      ? null
      : moveOntoEdge(document, editor.scopeId, dropTarget, nodeId, portsOf, spacingFor(portsOf));
  if (joined !== null) operations.push(...joined);
  const what = names.length === 1 ? (names[0] ?? 'layer') : `${names.length} layers`;
  const label =
    joined !== null ? `Insert ${what}` : names.length === 0 ? 'Move frame' : `Move ${what}`;
  editor.perform(label, operations);
}
