/**
 * The scene as React Flow takes it. Elements that did not change keep their object, so that a
 * drag or an edit draws only what it touches.
 */

import { Position as Side, type Edge as FlowEdge, type Node as FlowNode } from '@xyflow/react';
import type { NodePorts } from '../document/ports';
import { isSameData } from '../document/records';
import type { Frame, Node } from '../document/types';
import { curveBounds, HANDLE_SIZE, portY, type Curve, type Rect } from './geometry';
import { overlaps } from './rects';
import type { Card, PlacedFrame, Wire } from './scene';
import type { Stage } from './stage';

interface LayerData extends Record<string, unknown> {
  readonly node: Node;
  /** In the document; the element's own id is its path on the canvas. */
  readonly nodeId: string;
  readonly ports: NodePorts;
  /** From the top level on. */
  readonly path: string;
}

export type LayerNode = FlowNode<LayerData, 'layer'>;
/** What the frame of an expanded block shows beside its selection. */
export interface FrameMarks {
  readonly isFocus: boolean;
  /** Layers are dragged over its border. */
  readonly isCrossed: boolean;
}

export type ExpandedNode = FlowNode<
  LayerData & { axis: number; leads: readonly Curve[] } & FrameMarks,
  'expanded'
>;
export type FrameNode = FlowNode<{ frame: Frame; frameId: string }, 'frame'>;
export type CanvasNode = LayerNode | ExpandedNode | FrameNode;
export type TensorEdge = FlowEdge<
  { edgeId: string; path: string; curve: Curve; isDropTarget: boolean },
  'tensor'
>;

export interface Chosen {
  /** The scope that the ids are of, as a part of a path on the canvas. */
  readonly prefix: string;
  readonly nodeIds: ReadonlySet<string>;
  readonly edgeIds: ReadonlySet<string>;
  readonly frameIds: ReadonlySet<string>;
}

const FRAME_PREFIX = 'frame:';

/** The path on the canvas of the frame, when the element is one. */
export function asFramePath(flowId: string): string | null {
  return flowId.startsWith(FRAME_PREFIX) ? flowId.slice(FRAME_PREFIX.length) : null;
}

/** The id in the document of something on the canvas. */
export const idOfPath = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The scope something on the canvas is in, as a part of a path. */
export const prefixOfPath = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

/** What React Flow is told of: the area's part of a stage. */
export interface Part {
  readonly stage: Stage;
  readonly area: Rect;
  readonly chosen: Chosen;
  /** The path of the canvas. */
  readonly page: string;
  /** Paths of what stays though it lies elsewhere: it is dragged, or connected to something. */
  readonly pinned: ReadonlySet<string>;
  readonly dropTarget: string | null;
  /** The scope of the expanded block that layers are dragged into or out of. */
  readonly crossed: string | null;
}

/** Elements by their id, in the order in which they are drawn. */
interface Made {
  readonly layers: Map<string, LayerNode | ExpandedNode>;
  readonly frames: Map<string, FrameNode>;
  readonly edges: Map<string, TensorEdge>;
}

export class FlowElements {
  private made: Made = { layers: new Map(), frames: new Map(), edges: new Map() };
  private drawn: { readonly asked: readonly unknown[]; readonly edges: TensorEdge[] } | null = null;

  /**
   * @param isDragging Connections follow the layers by themselves meanwhile: React Flow would work
   *   out anew what is connected with what on every frame.
   */
  elementsFor(part: Part, isDragging: boolean): { nodes: CanvasNode[]; edges: TensorEdge[] } {
    const edges = this.edgesFor(part, isDragging);
    return { nodes: this.nodesFor(part, edges), edges };
  }

  private nodesFor(part: Part, edges: TensorEdge[]): CanvasNode[] {
    const { stage, area, chosen, page, pinned, crossed } = part;
    // React Flow draws a connection from the nodes at its ends, wherever they are.
    const ends = new Set(edges.flatMap(({ source, target }) => [source, target]));
    const layers: Made['layers'] = new Map();
    const frames: Made['frames'] = new Map();
    for (const { scene, prefix } of stage.scopes) {
      const isChosen = prefix === chosen.prefix;
      for (const card of scene.cards.values()) {
        const isSelected = isChosen && chosen.nodeIds.has(card.id);
        const id = prefix + card.id;
        const isThere = isSelected || overlaps(card, area) || ends.has(id) || pinned.has(id);
        if (!isThere) continue;
        const inner = `${id}/`;
        const marks = { isFocus: chosen.prefix === inner, isCrossed: crossed === inner };
        layers.set(id, layerNode(card, id, isSelected, page, marks, this.made.layers.get(id)));
      }
      for (const placed of scene.frames) {
        const id = FRAME_PREFIX + prefix + placed.id;
        const isSelected = isChosen && chosen.frameIds.has(placed.id);
        frames.set(id, frameNode(placed, id, isSelected, this.made.frames.get(id)));
      }
    }
    this.made = { ...this.made, layers, frames };
    const all = [...layers.values()];
    // What is expanded lies behind the frames within it, which lie behind the layers.
    const behind = all.filter(({ type }) => type === 'expanded');
    if (behind.length === 0) return [...frames.values(), ...all];
    return [...behind, ...frames.values(), ...all.filter(({ type }) => type !== 'expanded')];
  }

  private edgesFor(part: Part, isDragging: boolean): TensorEdge[] {
    const { stage, area, chosen, page, dropTarget } = part;
    const asked = [area, chosen, page, dropTarget];
    const { drawn } = this;
    if (isDragging && drawn?.asked.every((each, index) => each === asked[index])) return drawn.edges;
    const edges: Made['edges'] = new Map();
    for (const { scene, prefix } of stage.scopes) {
      const isChosen = prefix === chosen.prefix;
      for (const wire of scene.wires) {
        const isSelected = isChosen && chosen.edgeIds.has(wire.id);
        if (!isSelected && !overlaps(curveBounds(wire.curve), area)) continue;
        const id = prefix + wire.id;
        const made = tensorEdge(wire, prefix, isSelected, id === dropTarget, page);
        const old = this.made.edges.get(id);
        edges.set(id, old !== undefined && isSameEdge(old, made) ? old : made);
      }
    }
    this.made = { ...this.made, edges };
    const all = [...edges.values()];
    const isSame =
      all.length === drawn?.edges.length && all.every((edge, index) => edge === drawn.edges[index]);
    // React Flow takes the same list as a sign that nothing is to be done.
    this.drawn = { asked, edges: isSame ? drawn.edges : all };
    return this.drawn.edges;
  }
}

function layerNode(
  card: Card,
  id: string,
  selected: boolean,
  page: string,
  marks: FrameMarks,
  old: LayerNode | ExpandedNode | undefined,
): LayerNode | ExpandedNode {
  const { x, y, width, height, axis, leads, node, ports } = card;
  const base = { node, nodeId: card.id, ports, path: page + id };
  const isSamePlace = old?.position.x === x && old.position.y === y && old.height === height;
  const isSameContent =
    old?.data.node === node &&
    old.data.path === base.path &&
    isSameData(old.data.ports, ports) &&
    (leads === null ? old.type === 'layer' : isSameFrame(old, leads, marks) && old.width === width);
  if (old !== undefined && isSamePlace && isSameContent && old.selected === selected) return old;
  const handle = (type: 'source' | 'target', port: string, index: number, count: number) => ({
    id: port,
    type,
    position: type === 'source' ? Side.Right : Side.Left,
    x: (type === 'source' ? width : 0) - HANDLE_SIZE / 2,
    y: portY(index, count, axis) - HANDLE_SIZE / 2,
    width: HANDLE_SIZE,
    height: HANDLE_SIZE,
  });
  const common = {
    id,
    position: { x, y },
    selected,
    width,
    height,
    measured: { width, height },
    handles: [
      ...ports.inputs.map((port, index) => handle('target', port, index, ports.inputs.length)),
      ...ports.outputs.map((port, index) => handle('source', port, index, ports.outputs.length)),
    ],
  };
  if (leads === null) {
    return { ...common, type: 'layer', data: old?.type === 'layer' && isSameContent ? old.data : base };
  }
  return {
    ...common,
    type: 'expanded',
    data: { ...base, axis, leads, ...marks },
    zIndex: -1,
    dragHandle: `.${EXPANDED_HANDLE}`,
    // Its inside belongs to the canvas: to pan, to select, to drop on.
    style: { pointerEvents: 'none' },
  };
}

function isSameFrame(
  old: LayerNode | ExpandedNode,
  leads: readonly Curve[],
  { isFocus, isCrossed }: FrameMarks,
): boolean {
  if (old.type !== 'expanded') return false;
  if (old.data.isFocus !== isFocus || old.data.isCrossed !== isCrossed) return false;
  return isSameData(old.data.leads, leads);
}

/** The class of what an expanded block is dragged by. */
export const EXPANDED_HANDLE = 'expanded-header';

function frameNode(
  placed: PlacedFrame,
  id: string,
  selected: boolean,
  old: FrameNode | undefined,
): FrameNode {
  const { frame, x, y, width, height } = placed;
  const isSame =
    old?.data.frame === frame &&
    old.position.x === x &&
    old.position.y === y &&
    old.width === width &&
    old.height === height &&
    old.selected === selected;
  if (isSame) return old;
  return {
    id,
    type: 'frame',
    position: { x, y },
    data: { frame, frameId: placed.id },
    selected,
    width,
    height,
    measured: { width, height },
    handles: [],
    zIndex: -1,
    dragHandle: '.frame-title',
  };
}

function tensorEdge(
  { id, edge, curve }: Wire,
  prefix: string,
  selected: boolean,
  isDropTarget: boolean,
  page: string,
): TensorEdge {
  return {
    id: prefix + id,
    type: 'tensor',
    source: prefix + edge.source.node,
    sourceHandle: edge.source.port,
    target: prefix + edge.target.node,
    targetHandle: edge.target.port,
    selected,
    data: { edgeId: id, path: page + prefix + edge.source.node, curve, isDropTarget },
  };
}

function isSameEdge(a: TensorEdge, b: TensorEdge): boolean {
  return (
    a.selected === b.selected &&
    a.source === b.source &&
    a.target === b.target &&
    a.sourceHandle === b.sourceHandle &&
    a.targetHandle === b.targetHandle &&
    isSameData(a.data, b.data)
  );
}
