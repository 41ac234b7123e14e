/** Making a block of a selection. */

import { connect } from './connect';
import { reexposeInto } from './exposedAcross';
import { newId } from './ids';
import { baseName, uniqueName } from './names';
import type { Operation } from './operations';
import type { PortsOf } from './ports';
import { lookup } from './records';
import { edgesInto, edgesOutOf, reachableFrom, scopeOf } from './scope';
import { namesOfSharers, sharersOf } from './sharing';
import {
  BLOCK,
  BLOCK_INPUT,
  BLOCK_OUTPUT,
  makeNode,
  type BlockDefinition,
  type Document,
  type Edge,
  type Endpoint,
  type Node,
  type Position,
  type Scope,
} from './types';

export interface BlockEdit {
  readonly operations: readonly Operation[];
  /** Nodes to select afterwards. */
  readonly nodeIds: readonly string[];
}

export type BlockEditResult = BlockEdit | { readonly refused: string };

const PORT_GAP_PX = 240;

/**
 * Move the selected nodes into a new block definition and put one instance in their place. Where
 * nothing enters or leaves yet, the open ends become ports: a block without any is of no use.
 */
export function groupIntoBlock(
  document: Document,
  scopeId: string | null,
  nodeIds: readonly string[],
  wantedName: string,
  portsOf: PortsOf,
): BlockEditResult {
  const scope = scopeOf(document, scopeId);
  const inside = new Set(nodeIds.filter((id) => Object.hasOwn(scope.nodes, id)));
  const refused = groupingProblem(document, scopeId, inside);
  if (refused !== null) return { refused };

  const builder = new BlockBuilder(document, scopeId, inside);
  builder.openEnds(scope, portsOf);
  const blockNames = new Set(Object.values(document.graph.blocks).map((block) => block.name));
  const blockId = newId();
  const instanceId = newId();
  const exposing = reexposeInto(document, scopeId, instanceId, inside, {});
  const block: BlockDefinition = {
    name: uniqueName(wantedName, blockNames),
    nodes: Object.fromEntries(builder.nodes),
    edges: Object.fromEntries(builder.inner),
    inputs: [...builder.inputs.values()].map((port) => port.nodeId),
    outputs: [...builder.outputs.values()].map((port) => port.nodeId),
    exposed: exposing.inner,
  };
  const positions = Object.fromEntries(builder.positions);
  const outsideNames = new Set(
    Object.entries(scope.nodes).flatMap(([id, node]) => (inside.has(id) ? [] : [node.name])),
  );
  const instance = makeNode(BLOCK, uniqueName(baseName(wantedName), outsideNames), {
    block: blockId,
  });
  const removeEdges = [...builder.touched].map((edge_id): Operation => ({
    op: 'remove_edge',
    scope: scopeId,
    edge_id,
  }));
  const removeNodes = [...inside].map((node_id): Operation => ({
    op: 'remove_node',
    scope: scopeId,
    node_id,
  }));
  const outer = builder.crossing.map(({ source, target }) =>
    connect(
      scopeId,
      'port' in source ? source : { node: instanceId, port: source.name },
      'port' in target ? target : { node: instanceId, port: target.name },
    ),
  );
  return {
    operations: [
      ...exposing.before,
      ...removeEdges,
      ...removeNodes,
      { op: 'add_block', block_id: blockId, block, positions },
      {
        op: 'add_node',
        scope: scopeId,
        node_id: instanceId,
        node: instance,
        position: builder.centre,
      },
      ...outer,
      ...exposing.after,
    ],
    nodeIds: [instanceId],
  };
}

export const STAYS_OUTSIDE: ReadonlySet<string> = new Set([
  'ImageInput',
  'FeatureInput',
  'VolumeInput',
  'SignalInput',
  'SequenceInput',
  'TokenInput',
  'Output',
  BLOCK_INPUT,
  BLOCK_OUTPUT,
]);

function groupingProblem(
  document: Document,
  scopeId: string | null,
  inside: ReadonlySet<string>,
): string | null {
  if (inside.size === 0) return 'Select the layers that are to become a block.';
  const scope = scopeOf(document, scopeId);
  const isPort = [...inside].some((id) =>
    STAYS_OUTSIDE.has(lookup(scope.nodes, id)?.type ?? ''),
  );
  if (isPort) return 'Inputs and outputs of the network stay outside a block.';
  const divided = [...inside].find((id) =>
    sharersOf(scope.nodes, id).some((other) => !inside.has(other)),
  );
  if (divided !== undefined) {
    const name = lookup(scope.nodes, divided)?.name ?? 'a layer';
    const others = namesOfSharers(scope.nodes, divided).join(', ');
    return `${name} shares its weights with ${others}, and weights are shared within one scope. Select all of them, or give it own weights.`;
  }
  const after = new Set<string>();
  for (const nodeId of inside) {
    for (const { edge } of edgesOutOf(scope, nodeId)) {
      if (!inside.has(edge.target.node)) after.add(edge.target.node);
    }
  }
  const returning = [...reachableFrom(scope, after)].find((nodeId) => inside.has(nodeId));
  if (returning === undefined) return null;
  const name = lookup(scope.nodes, returning)?.name ?? 'a layer';
  return `A path leaves the selection and comes back at ${name}. Select what lies between as well.`;
}

interface BlockPort {
  readonly nodeId: string;
  readonly name: string;
}

/** Collects what goes into the block, and the edges that cross its border. */
class BlockBuilder {
  readonly nodes: [string, Node][] = [];
  readonly inner: [string, Edge][] = [];
  readonly touched = new Set<string>();
  readonly inputs = new Map<string, BlockPort>();
  readonly outputs = new Map<string, BlockPort>();
  readonly positions: [string, Position][] = [];
  /** Edges to draw outside; an end without `port` is a port of the block. */
  readonly crossing: { source: Endpoint | BlockPort; target: Endpoint | BlockPort }[] = [];
  readonly centre: Position;
  /** Where the ports stand: beside the layers, from their upper edge down. */
  private readonly border: { readonly left: number; readonly right: number; readonly top: number };
  private readonly names: Set<string>;

  constructor(document: Document, scopeId: string | null, inside: ReadonlySet<string>) {
    const scope = scopeOf(document, scopeId);
    const placed = [...inside].map((id) => lookup(document.view.positions, id) ?? { x: 0, y: 0 });
    const left = Math.min(...placed.map(({ x }) => x));
    const right = Math.max(...placed.map(({ x }) => x));
    const top = Math.min(...placed.map(({ y }) => y));
    this.border = { left: left - PORT_GAP_PX, right: right + PORT_GAP_PX, top };
    const bottom = Math.max(...placed.map(({ y }) => y));
    this.centre = { x: (left + right) / 2, y: (top + bottom) / 2 };
    for (const id of inside) {
      const node = lookup(scope.nodes, id);
      if (node !== undefined) this.nodes.push([id, node]);
      const position = lookup(document.view.positions, id);
      if (position !== undefined) this.positions.push([id, position]);
    }
    this.names = new Set(this.nodes.map(([, node]) => node.name));
    for (const [id, edge] of Object.entries(scope.edges)) {
      const starts = inside.has(edge.source.node);
      const ends = inside.has(edge.target.node);
      if (!starts && !ends) continue;
      this.touched.add(id);
      if (starts && ends) {
        this.inner.push([id, edge]);
      } else if (ends) {
        const port = this.input(edge.source, edge.target);
        const isNew = !this.crossing.some((other) => other.target === port);
        if (isNew) this.crossing.push({ source: edge.source, target: port });
      } else {
        this.crossing.push({ source: this.output(edge.source), target: edge.target });
      }
    }
  }

  /** On a side where nothing crosses the border: a port for each layer that stands there. */
  openEnds(scope: Scope, portsOf: PortsOf): void {
    const layers = this.nodes.filter(([id]) => Object.hasOwn(scope.nodes, id));
    if (this.inputs.size === 0) {
      for (const [id, node] of layers) {
        const [port] = edgesInto(scope, id).length === 0 ? portsOf(node).inputs : [];
        if (port !== undefined) this.input({ node: id, port }, { node: id, port });
      }
    }
    if (this.outputs.size === 0) {
      for (const [id, node] of layers) {
        const [port] = edgesOutOf(scope, id).length === 0 ? portsOf(node).outputs : [];
        if (port !== undefined) this.output({ node: id, port });
      }
    }
  }

  /** What enters the block from `origin` reaches `target` through one port. */
  private input(origin: Endpoint, target: Endpoint): BlockPort {
    const port = this.port(this.inputs, origin, BLOCK_INPUT, this.border.left);
    this.inner.push([newId(), { source: { node: port.nodeId, port: 'output' }, target }]);
    return port;
  }

  private output(source: Endpoint): BlockPort {
    const known = this.outputs.size;
    const port = this.port(this.outputs, source, BLOCK_OUTPUT, this.border.right);
    if (this.outputs.size > known) {
      this.inner.push([newId(), { source, target: { node: port.nodeId, port: 'input' } }]);
    }
    return port;
  }

  private port(
    ports: Map<string, BlockPort>,
    origin: Endpoint,
    type: typeof BLOCK_INPUT | typeof BLOCK_OUTPUT,
    x: number,
  ): BlockPort {
    const key = `${origin.node}:${origin.port}`;
    const known = ports.get(key);
    if (known !== undefined) return known;
    const name = uniqueName(type === BLOCK_INPUT ? 'input' : 'output', this.names);
    const port = { nodeId: newId(), name };
    this.names.add(name);
    this.nodes.push([port.nodeId, makeNode(type, name)]);
    this.positions.push([port.nodeId, { x, y: this.border.top + ports.size * 112 }]);
    ports.set(key, port);
    return port;
  }
}
