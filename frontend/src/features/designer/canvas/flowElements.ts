/**
 * The scene as React Flow takes it. Elements that did not change keep their object, so that a
 * drag or an edit draws only what it touches.
 */

import { Position as Side, type Edge as FlowEdge, type Node as FlowNode } from '@xyflow/react';
import type { NodePorts } from '../document/ports';
import { isSameData } from '../document/records';
import type { Frame, Node } from '../document/types';
import { HANDLE_SIZE, portY, type Curve } from './geometry';
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
export type ExpandedNode = FlowNode<
  LayerData & { axis: number; leads: readonly Curve[]; isFocus: boolean },
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

export class FlowElements {
  private layers = new Map<string, LayerNode | ExpandedNode>();
  private frames = new Map<string, FrameNode>();
  private edges = new Map<string, TensorEdge>();
  private drawn: { readonly asked: readonly unknown[]; readonly edges: TensorEdge[] } | null = null;

  /** @param page The path of the canvas. */
  nodesFor({ scopes }: Stage, chosen: Chosen, page: string): CanvasNode[] {
    const layers = new Map<string, LayerNode | ExpandedNode>();
    const frames = new Map<string, FrameNode>();
    for (const { scene, prefix } of scopes) {
      const isChosen = prefix === chosen.prefix;
      for (const card of scene.cards.values()) {
        const id = prefix + card.id;
        const isSelected = isChosen && chosen.nodeIds.has(card.id);
        const isFocus = chosen.prefix === `${id}/`;
        layers.set(id, layerNode(card, id, isSelected, page, isFocus, this.layers.get(id)));
      }
      for (const placed of scene.frames) {
        const id = FRAME_PREFIX + prefix + placed.id;
        const isSelected = isChosen && chosen.frameIds.has(placed.id);
        frames.set(id, frameNode(placed, id, isSelected, this.frames.get(id)));
      }
    }
    this.layers = layers;
    this.frames = frames;
    const all = [...layers.values()];
    // What is expanded lies behind the frames within it, which lie behind the layers.
    const behind = all.filter(({ type }) => type === 'expanded');
    if (behind.length === 0) return [...frames.values(), ...all];
    return [...behind, ...frames.values(), ...all.filter(({ type }) => type !== 'expanded')];
  }

  /**
   * @param isDragging Connections follow the layers by themselves meanwhile: of thousands, React
   *   Flow would work out anew what is connected with what on every frame.
   */
  edgesFor(
    { scopes }: Stage,
    chosen: Chosen,
    page: string,
    dropTarget: string | null,
    isDragging: boolean,
  ): TensorEdge[] {
    const asked = [chosen, page, dropTarget];
    const { drawn } = this;
    if (isDragging && drawn?.asked.every((each, index) => each === asked[index])) return drawn.edges;
    const edges = new Map<string, TensorEdge>();
    for (const { scene, prefix } of scopes) {
      for (const wire of scene.wires) {
        const id = prefix + wire.id;
        const isSelected = prefix === chosen.prefix && chosen.edgeIds.has(wire.id);
        const made = tensorEdge(wire, prefix, isSelected, id === dropTarget, page);
        const old = this.edges.get(id);
        edges.set(id, old !== undefined && isSameEdge(old, made) ? old : made);
      }
    }
    this.edges = edges;
    this.drawn = { asked, edges: [...edges.values()] };
    return this.drawn.edges;
  }
}

function layerNode(
  card: Card,
  id: string,
  selected: boolean,
  page: string,
  isFocus: boolean,
  old: LayerNode | ExpandedNode | undefined,
): LayerNode | ExpandedNode {
  const { x, y, width, height, axis, leads, node, ports } = card;
  const base = { node, nodeId: card.id, ports, path: page + id };
  const isSamePlace = old?.position.x === x && old.position.y === y && old.height === height;
  const isSameContent =
    old?.data.node === node &&
    old.data.path === base.path &&
    isSameData(old.data.ports, ports) &&
    (leads === null ? old.type === 'layer' : isSameFrame(old, leads, isFocus) && old.width === width);
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
    data: { ...base, axis, leads, isFocus },
    zIndex: -1,
    dragHandle: `.${EXPANDED_HANDLE}`,
    // Its inside belongs to the canvas: to pan, to select, to drop on.
    style: { pointerEvents: 'none' },
  };
}

function isSameFrame(
  old: LayerNode | ExpandedNode,
  leads: readonly Curve[],
  isFocus: boolean,
): boolean {
  if (old.type !== 'expanded' || old.data.isFocus !== isFocus) return false;
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
