/**
 * The scene as React Flow takes it. Elements that did not change keep their object, so that a
 * drag or an edit draws only what it touches.
 */

import { Position as Side, type Edge as FlowEdge, type Node as FlowNode } from '@xyflow/react';
import type { NodePorts } from '../document/ports';
import { isSameData } from '../document/records';
import type { Frame, Node } from '../document/types';
import { HANDLE_SIZE, portY, type Curve } from './geometry';
import type { Card, PlacedFrame, Scene, Wire } from './scene';

export type LayerNode = FlowNode<{ node: Node; ports: NodePorts; path: string }, 'layer'>;
export type FrameNode = FlowNode<{ frame: Frame }, 'frame'>;
export type CanvasNode = LayerNode | FrameNode;
export type TensorEdge = FlowEdge<{ path: string; curve: Curve; isDropTarget: boolean }, 'tensor'>;

export interface Chosen {
  readonly nodeIds: ReadonlySet<string>;
  readonly edgeIds: ReadonlySet<string>;
  readonly frameIds: ReadonlySet<string>;
}

const FRAME_PREFIX = 'frame:';

export const frameNodeId = (frameId: string): string => FRAME_PREFIX + frameId;

/** The frame's id when the element is a frame. */
export function asFrameId(flowId: string): string | null {
  return flowId.startsWith(FRAME_PREFIX) ? flowId.slice(FRAME_PREFIX.length) : null;
}

export class FlowElements {
  private layers = new Map<string, LayerNode>();
  private frames = new Map<string, FrameNode>();
  private edges = new Map<string, TensorEdge>();
  private drawn: { readonly asked: readonly unknown[]; readonly edges: TensorEdge[] } | null = null;

  nodesFor(scene: Scene, chosen: Chosen, prefix: string): CanvasNode[] {
    const layers = new Map<string, LayerNode>();
    for (const card of scene.cards.values()) {
      const made = layerNode(card, chosen.nodeIds.has(card.id), prefix, this.layers.get(card.id));
      layers.set(card.id, made);
    }
    const frames = new Map<string, FrameNode>();
    for (const placed of scene.frames) {
      const isSelected = chosen.frameIds.has(placed.id);
      frames.set(placed.id, frameNode(placed, isSelected, this.frames.get(placed.id)));
    }
    this.layers = layers;
    this.frames = frames;
    return [...frames.values(), ...layers.values()];
  }

  /**
   * @param isDragging Connections follow the layers by themselves meanwhile: of thousands, React
   *   Flow would work out anew what is connected with what on every frame.
   */
  edgesFor(
    scene: Scene,
    chosen: Chosen,
    prefix: string,
    dropTarget: string | null,
    isDragging: boolean,
  ): TensorEdge[] {
    const asked = [chosen, prefix, dropTarget];
    const { drawn } = this;
    if (isDragging && drawn?.asked.every((each, index) => each === asked[index])) return drawn.edges;
    const edges = new Map<string, TensorEdge>();
    for (const wire of scene.wires) {
      const isSelected = chosen.edgeIds.has(wire.id);
      const made = tensorEdge(wire, isSelected, wire.id === dropTarget, prefix);
      const old = this.edges.get(wire.id);
      edges.set(wire.id, old !== undefined && isSameEdge(old, made) ? old : made);
    }
    this.edges = edges;
    this.drawn = { asked, edges: [...edges.values()] };
    return this.drawn.edges;
  }
}

function layerNode(
  card: Card,
  selected: boolean,
  prefix: string,
  old: LayerNode | undefined,
): LayerNode {
  const { id, x, y, width, height, body, node, ports } = card;
  const path = prefix + id;
  const isSamePlace = old?.position.x === x && old.position.y === y && old.height === height;
  const isSameContent =
    old?.data.node === node && old.data.path === path && isSameData(old.data.ports, ports);
  if (old !== undefined && isSamePlace && isSameContent && old.selected === selected) return old;
  const data = old !== undefined && isSameContent ? old.data : { node, ports, path };
  const handle = (type: 'source' | 'target', port: string, index: number, count: number) => ({
    id: port,
    type,
    position: type === 'source' ? Side.Right : Side.Left,
    x: (type === 'source' ? width : 0) - HANDLE_SIZE / 2,
    y: portY(index, count, body) - HANDLE_SIZE / 2,
    width: HANDLE_SIZE,
    height: HANDLE_SIZE,
  });
  return {
    id,
    type: 'layer',
    position: { x, y },
    data,
    selected,
    width,
    height,
    measured: { width, height },
    handles: [
      ...ports.inputs.map((port, index) => handle('target', port, index, ports.inputs.length)),
      ...ports.outputs.map((port, index) => handle('source', port, index, ports.outputs.length)),
    ],
  };
}

function frameNode(placed: PlacedFrame, selected: boolean, old: FrameNode | undefined): FrameNode {
  const { id, frame, x, y, width, height } = placed;
  const isSame =
    old?.data.frame === frame &&
    old.position.x === x &&
    old.position.y === y &&
    old.selected === selected;
  if (isSame) return old;
  return {
    id: frameNodeId(id),
    type: 'frame',
    position: { x, y },
    data: { frame },
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
  selected: boolean,
  isDropTarget: boolean,
  prefix: string,
): TensorEdge {
  return {
    id,
    type: 'tensor',
    source: edge.source.node,
    sourceHandle: edge.source.port,
    target: edge.target.node,
    targetHandle: edge.target.port,
    selected,
    data: { path: prefix + edge.source.node, curve, isDropTarget },
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
