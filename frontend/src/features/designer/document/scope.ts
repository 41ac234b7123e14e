/** Reading one scope of a document: the top level (null) or the inside of a block definition. */

import { lookup } from './records';
import type { Document, Edge, Endpoint, Node, Scope } from './types';

export function findScope(document: Document, scope: string | null): Scope | undefined {
  return scope === null ? document.graph : lookup(document.graph.blocks, scope);
}

const EMPTY: Scope = { nodes: {}, edges: {} };

/** The scope, empty when the block is gone (somebody else may have removed it). */
export function scopeOf(document: Document, scope: string | null): Scope {
  return findScope(document, scope) ?? EMPTY;
}

/** Whether any scope of the document has a node with this id. */
export function hasNodeAnywhere(document: Document, nodeId: string): boolean {
  if (Object.hasOwn(document.graph.nodes, nodeId)) return true;
  return Object.values(document.graph.blocks).some((block) => Object.hasOwn(block.nodes, nodeId));
}

/** The scope that holds a node: null for the top level, undefined when nothing does. */
export function scopeOfNode(document: Document, nodeId: string): string | null | undefined {
  if (Object.hasOwn(document.graph.nodes, nodeId)) return null;
  for (const [blockId, block] of Object.entries(document.graph.blocks)) {
    if (Object.hasOwn(block.nodes, nodeId)) return blockId;
  }
  return undefined;
}

export function nodeOf(scope: Scope, nodeId: string): Node | undefined {
  return lookup(scope.nodes, nodeId);
}

export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.node === b.node && a.port === b.port;
}

export interface NamedEdge {
  readonly id: string;
  readonly edge: Edge;
}

export interface Incidence {
  readonly incoming: ReadonlyMap<string, readonly NamedEdge[]>;
  readonly outgoing: ReadonlyMap<string, readonly NamedEdge[]>;
}

const incidences = new WeakMap<Scope['edges'], Incidence>();

/** Edges by the node they enter and leave; computed once for each version of the edges. */
export function incidenceOf(scope: Scope): Incidence {
  const known = incidences.get(scope.edges);
  if (known !== undefined) return known;
  const incoming = new Map<string, NamedEdge[]>();
  const outgoing = new Map<string, NamedEdge[]>();
  const put = (map: Map<string, NamedEdge[]>, node: string, entry: NamedEdge): void => {
    const list = map.get(node);
    if (list === undefined) map.set(node, [entry]);
    else list.push(entry);
  };
  for (const [id, edge] of Object.entries(scope.edges)) {
    const entry = { id, edge };
    put(incoming, edge.target.node, entry);
    put(outgoing, edge.source.node, entry);
  }
  const result = { incoming, outgoing };
  incidences.set(scope.edges, result);
  return result;
}

export function edgesInto(scope: Scope, nodeId: string): readonly NamedEdge[] {
  return incidenceOf(scope).incoming.get(nodeId) ?? [];
}

export function edgesOutOf(scope: Scope, nodeId: string): readonly NamedEdge[] {
  return incidenceOf(scope).outgoing.get(nodeId) ?? [];
}

/** Everything that can be reached from `start` along the edges, `start` included. */
export function reachableFrom(scope: Scope, start: Iterable<string>): Set<string> {
  const seen = new Set(start);
  const queue = [...seen];
  for (let nodeId = queue.pop(); nodeId !== undefined; nodeId = queue.pop()) {
    for (const { edge } of edgesOutOf(scope, nodeId)) {
      if (seen.has(edge.target.node)) continue;
      seen.add(edge.target.node);
      queue.push(edge.target.node);
    }
  }
  return seen;
}

/** The instances of a block definition, in every scope. */
export function instancesOf(
  document: Document,
  blockId: string,
): { scope: string | null; nodeId: string }[] {
  const found: { scope: string | null; nodeId: string }[] = [];
  const look = (scope: string | null, content: Scope): void => {
    for (const [nodeId, node] of Object.entries(content.nodes)) {
      if (node.block === blockId) found.push({ scope, nodeId });
    }
  };
  look(null, document.graph);
  for (const [id, block] of Object.entries(document.graph.blocks)) look(id, block);
  return found;
}

/** Whether block `outer` uses block `inner`, directly or through others. A block uses itself. */
export function blockUses(document: Document, outer: string, inner: string): boolean {
  const seen = new Set<string>();
  const visit = (blockId: string): boolean => {
    if (blockId === inner) return true;
    if (seen.has(blockId)) return false;
    seen.add(blockId);
    const block = lookup(document.graph.blocks, blockId);
    if (block === undefined) return false;
    return Object.values(block.nodes).some((node) => node.block !== null && visit(node.block));
  };
  return visit(outer);
}

/** Node ids in an order in which they can be computed; those on a cycle come last. */
export function computationOrder(scope: Scope): string[] {
  const waiting = new Map(Object.keys(scope.nodes).map((id) => [id, edgesInto(scope, id).length]));
  const order: string[] = [];
  const ready = [...waiting].flatMap(([id, count]) => (count === 0 ? [id] : [])).reverse();
  for (let nodeId = ready.pop(); nodeId !== undefined; nodeId = ready.pop()) {
    order.push(nodeId);
    for (const { edge } of [...edgesOutOf(scope, nodeId)].reverse()) {
      const left = (waiting.get(edge.target.node) ?? 0) - 1;
      waiting.set(edge.target.node, left);
      if (left === 0) ready.push(edge.target.node);
    }
  }
  const known = new Set(order);
  return [...order, ...Object.keys(scope.nodes).filter((id) => !known.has(id))];
}
