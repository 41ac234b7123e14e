import { useKeyPress, useReactFlow, type EdgeChange, type NodeChange } from '@xyflow/react';
import { useCallback, useEffect, useEffectEvent, useState } from 'react';
import type { Operation } from '../document/operations';
import { moveOntoEdge } from '../document/insert';
import { lookup } from '../document/records';
import { edgesInto, edgesOutOf } from '../document/scope';
import type { Position } from '../document/types';
import { portsOfDesigner, useDesigner, type Designer } from '../state/DesignerContext';
import { spacingFor } from '../state/placement';
import { asFramePath, idOfPath, prefixOfPath, type CanvasNode, type TensorEdge } from './flowElements';
import { cross, frameCrossed, scopeDroppedIn } from './crossing';
import { boundsOf, GRID, type Rect } from './geometry';
import { isNear, snapToNeighbours, type GuideLine } from './guides';
import { cardsWithin, wireAt, type Card, type Moved, type Scene } from './scene';
import type { PlacedScope, Stage } from './stage';
import { applyEdgeSelection, applyNodeSelection } from './selecting';
import { focusOn } from './useStage';

const DROP_REACH = 28;
const NONE: Moved = new Map();

interface Drag {
  /** By path on the canvas. */
  readonly moved: Moved;
  /** The connection that a single, loose layer would land on. */
  readonly dropTarget: string | null;
  readonly guides: readonly GuideLine[];
  /** The expanded block that it would be let into, or out of. */
  readonly crossed: string | null;
}

const IDLE: Drag = { moved: NONE, dropTarget: null, guides: [], crossed: null };
/** On screen; the grid pulls as well, so that less would never be felt. */
const GUIDE_REACH_PX = 6;

/** Follows drags and selections of React Flow; the document changes when the drag ends. */
export function useDragging(stage: Stage) {
  const designer = useDesigner();
  const { editor } = designer;
  const [drag, setDrag] = useState(IDLE);
  const { getZoom } = useReactFlow();
  // Held while dragging, it lets a layer stand beside the lines.
  const isAltDown = useKeyPress('Alt');
  const [isGivenUp, setGivenUp] = useState(false);
  useEscape(drag !== IDLE, () => {
    setGivenUp(true);
    setDrag(IDLE);
  });

  const onNodesChange = useCallback((changes: NodeChange<CanvasNode>[]): void => {
    applyNodeSelection(designer, stage, changes);
    const dragged = draggedOf(stage, changes);
    if (dragged === null || !editor.state.canEdit) return;
    const hasEnded = changes.some((change) => change.type === 'position' && !change.dragging);
    if (isGivenUp) {
      setGivenUp(!hasEnded);
      return;
    }
    const { placed, places } = dragged;
    const raw = withCarried(placed.scene, places);
    const reach = Math.max(GRID - 1, GUIDE_REACH_PX / getZoom());
    const { moved, guides } = isAltDown
      ? { moved: raw, guides: [] }
      : aligned(placed.scene, raw, reach);
    focusOn(editor, placed);
    const dropTarget = findDropTarget(designer, placed.scene, moved);
    if (!hasEnded) {
      setDrag({
        moved: new Map([...moved].map(([id, place]) => [placed.prefix + id, place])),
        dropTarget: dropTarget === null ? null : placed.prefix + dropTarget,
        guides: dropTarget === null ? guides : [],
        crossed: frameCrossed(stage, placed, moved),
      });
      return;
    }
    setDrag(IDLE);
    const target = scopeDroppedIn(stage, placed, moved);
    if (target === null) commit(designer, placed, moved, dropTarget);
    else cross(designer, placed, target, moved);
  }, [designer, editor, stage, isAltDown, isGivenUp, getZoom]);

  const onEdgesChange = useCallback(
    (changes: EdgeChange<TensorEdge>[]): void => applyEdgeSelection(designer, stage, changes),
    [designer, stage],
  );

  return { ...drag, onNodesChange, onEdgesChange };
}

/** Escape gives a drag up: what is dragged stays where it was, wherever the pointer is lifted. */
function useEscape(isDragging: boolean, onEscape: () => void): void {
  const giveUp = useEffectEvent(onEscape);
  useEffect(() => {
    if (!isDragging) return;
    const listener = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      giveUp();
    };
    window.addEventListener('keydown', listener, { capture: true });
    return () => window.removeEventListener('keydown', listener, { capture: true });
  }, [isDragging]);
}

interface Dragged {
  readonly placed: PlacedScope;
  /** By id in the document, of layers and of comment frames. */
  readonly places: ReadonlyMap<string, Position>;
}

/** What a gesture moves: all of it lies in one scope. */
function draggedOf(stage: Stage, changes: readonly NodeChange<CanvasNode>[]): Dragged | null {
  const paths = changes.flatMap((change): [string, Position][] =>
    change.type === 'position' && change.position !== undefined
      ? [[change.id, change.position]]
      : [],
  );
  const [first] = paths;
  if (first === undefined) return null;
  const prefix = prefixOfPath(asFramePath(first[0]) ?? first[0]);
  const placed = stage.scopes.find((each) => each.prefix === prefix);
  if (placed === undefined) return null;
  const here = paths.filter(([id]) => prefixOfPath(asFramePath(id) ?? id) === prefix);
  return {
    placed,
    places: new Map(here.map(([id, place]) => [idOfPath(asFramePath(id) ?? id), place])),
  };
}

/** A frame takes along the layers that lie in it. */
function withCarried(scene: Scene, places: ReadonlyMap<string, Position>): Moved {
  const moved = new Map(places);
  for (const [id, place] of places) {
    const frame = scene.frames.find((each) => each.id === id);
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
  const others: Card[] = [];
  for (const card of scene.cards.values()) {
    if (isNear(card, box) && !moved.has(card.id)) others.push(card);
  }
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

function commit(
  designer: Designer,
  { scene, toDocument }: PlacedScope,
  moved: Moved,
  dropTarget: string | null,
): void {
  const { editor } = designer;
  const { document } = editor.state;
  const positions: Record<string, Position> = {};
  const operations: Operation[] = [];
  for (const [id, place] of moved) {
    const card = scene.cards.get(id);
    if (card !== undefined) {
      positions[id] = toDocument({ ...rectOf(card), ...place }, id);
      continue;
    }
    const frame = lookup(document.view.frames, id);
    const drawn = scene.frames.find((each) => each.id === id);
    if (frame === undefined || drawn === undefined) continue;
    // A frame that has grown with its content moves by as much as it was dragged.
    const at = { x: frame.x + place.x - drawn.x, y: frame.y + place.y - drawn.y };
    operations.push({ op: 'set_frame', frame_id: id, frame: { ...frame, ...at } });
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

const rectOf = ({ x, y, width, height }: Rect): Rect => ({ x, y, width, height });
