/** Small documents for the tests of this room. */

import { applyOperations } from './apply';
import { portsIn, type LayerPorts, type PortsOf } from './ports';
import type { Spacing } from './room';
import { emptyDocument, makeNode, type Document, type Edge } from './types';

export const edge = (source: string, target: string, port = 'input'): Edge => ({
  source: { node: source, port: 'output' },
  target: { node: target, port },
});

const LAYER_PORTS: LayerPorts = (node) => {
  switch (node.type) {
    case 'ImageInput':
      return { inputs: [], outputs: ['output'] };
    case 'Output':
      return { inputs: ['input'], outputs: [] };
    case 'Add':
      return { inputs: ['input_1', 'input_2'], outputs: ['output'] };
    default:
      return { inputs: ['input'], outputs: ['output'] };
  }
};

export const portsFor = (document: Document): PortsOf => portsIn(document, LAYER_PORTS);

/** image -> conv -> relu -> add -> output, with a shortcut conv -> add. */
export function residual(): Document {
  const nodes = {
    image: makeNode('ImageInput', 'image'),
    conv: makeNode('Conv2d', 'conv', { params: { out_channels: 8 } }),
    relu: makeNode('ReLU', 'relu'),
    add: makeNode('Add', 'add'),
    out: makeNode('Output', 'output'),
  };
  const { document } = applyOperations(emptyDocument(), [
    ...Object.entries(nodes).map(([node_id, node], index) => ({
      op: 'add_node' as const,
      scope: null,
      node_id,
      node,
      position: { x: index * 240, y: 0 },
    })),
    { op: 'add_edge', scope: null, edge_id: 'e1', edge: edge('image', 'conv') },
    { op: 'add_edge', scope: null, edge_id: 'e2', edge: edge('conv', 'relu') },
    { op: 'add_edge', scope: null, edge_id: 'e3', edge: edge('relu', 'add', 'input_1') },
    { op: 'add_edge', scope: null, edge_id: 'e4', edge: edge('conv', 'add', 'input_2') },
    { op: 'add_edge', scope: null, edge_id: 'e5', edge: edge('add', 'out') },
  ]);
  return document;
}

export const SPACING: Spacing = { step_px: 240, gap_px: 60, width_px: 176, heightOf: () => 92 };

/** Edges as `source>target.port` by node name, sorted. */
export function wiring(document: Document, scope: string | null = null): string[] {
  const content = scope === null ? document.graph : document.graph.blocks[scope];
  if (content === undefined) return [];
  const name = (id: string): string => content.nodes[id]?.name ?? id;
  return Object.values(content.edges)
    .map(({ source, target }) => `${name(source.node)}>${name(target.node)}.${target.port}`)
    .sort();
}
