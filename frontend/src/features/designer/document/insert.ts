/** Adding nodes: alone, onto an edge, or behind a port. */

import { connect } from './connect';
import { newId } from './ids';
import { namesOf, uniqueName } from './names';
import type { Operation } from './operations';
import type { PortsOf } from './ports';
import { lookup } from './records';
import { roomOnEdge, type Spacing } from './room';
import { scopeOf } from './scope';
import type { Document, Endpoint, Node, Position } from './types';
import { BLOCK_INPUT, BLOCK_OUTPUT } from './types';

export interface Insertion {
  readonly nodeId: string;
  readonly operations: readonly Operation[];
}

/** Add a node under a free name. A new port of a block is also listed in the block. */
export function insertNode(
  document: Document,
  scopeId: string | null,
  wanted: Node,
  position: Position,
): Insertion {
  const taken = namesOf(scopeOf(document, scopeId).nodes);
  const node = { ...wanted, name: uniqueName(wanted.name, taken) };
  const nodeId = newId();
  const operations: Operation[] = [
    { op: 'add_node', scope: scopeId, node_id: nodeId, node, position },
  ];
  const block = scopeId === null ? undefined : lookup(document.graph.blocks, scopeId);
  if (scopeId !== null && block !== undefined) {
    const { name, inputs, outputs, exposed } = block;
    const common = { op: 'set_block', block_id: scopeId, name, exposed } as const;
    if (node.type === BLOCK_INPUT) {
      operations.push({ ...common, inputs: [...inputs, nodeId], outputs });
    } else if (node.type === BLOCK_OUTPUT) {
      operations.push({ ...common, inputs, outputs: [...outputs, nodeId] });
    }
  }
  return { nodeId, operations };
}

/** Put a node between the two ends of an edge, moving what follows when it has no room. */
export function insertOnEdge(
  document: Document,
  scopeId: string | null,
  edgeId: string,
  wanted: Node,
  portsOf: PortsOf,
  spacing: Spacing,
): Insertion | null {
  const scope = scopeOf(document, scopeId);
  const edge = lookup(scope.edges, edgeId);
  const { inputs, outputs } = portsOf(wanted);
  const [input] = inputs;
  const [output] = outputs;
  if (edge === undefined || input === undefined || output === undefined) return null;
  const { places, moves } = roomOnEdge(document, scopeId, edge, [wanted], spacing);
  const position = places[0] ?? { x: 0, y: 0 };
  const { nodeId, operations } = insertNode(document, scopeId, wanted, position);
  const all: Operation[] = [
    { op: 'remove_edge', scope: scopeId, edge_id: edgeId },
    ...operations,
    ...moves,
  ];
  all.push(connect(scopeId, edge.source, { node: nodeId, port: input }));
  all.push(connect(scopeId, { node: nodeId, port: output }, edge.target));
  return { nodeId, operations: all };
}

/** Put an existing, unconnected node onto an edge, and in line with its ends. */
export function moveOntoEdge(
  document: Document,
  scopeId: string | null,
  edgeId: string,
  nodeId: string,
  portsOf: PortsOf,
  spacing: Spacing,
): Operation[] | null {
  const scope = scopeOf(document, scopeId);
  const edge = lookup(scope.edges, edgeId);
  const node = lookup(scope.nodes, nodeId);
  if (edge === undefined || node === undefined) return null;
  const [input] = portsOf(node).inputs;
  const [output] = portsOf(node).outputs;
  if (input === undefined || output === undefined) return null;
  const { places, moves } = roomOnEdge(document, scopeId, edge, [node], spacing, nodeId);
  return [
    ...places.map((place): Operation => ({ op: 'move_nodes', positions: { [nodeId]: place } })),
    ...moves,
    { op: 'remove_edge', scope: scopeId, edge_id: edgeId },
    connect(scopeId, edge.source, { node: nodeId, port: input }),
    connect(scopeId, { node: nodeId, port: output }, edge.target),
  ];
}

/** Add a node that is fed by `source`, or that feeds `source` when that is an input port. */
export function insertAtPort(
  document: Document,
  scopeId: string | null,
  source: Endpoint,
  direction: 'after' | 'before',
  wanted: Node,
  portsOf: PortsOf,
  position: Position,
): Insertion | null {
  const { inputs, outputs } = portsOf(wanted);
  const [port] = direction === 'after' ? inputs : outputs;
  if (port === undefined) return null;
  const { nodeId, operations } = insertNode(document, scopeId, wanted, position);
  const other = { node: nodeId, port };
  const edge =
    direction === 'after' ? connect(scopeId, source, other) : connect(scopeId, other, source);
  return { nodeId, operations: [...operations, edge] };
}
