/** Deleting, so that what stays is joined again where there is only one way to do it. */

import { connect } from './connect';
import type { Operation } from './operations';
import { lookup } from './records';
import { edgesInto, edgesOutOf, incidenceOf, instancesOf, isSameEndpoint, scopeOf } from './scope';
import { divide } from './sharing';
import { exposedAt, targetsOf, type Document, type Endpoint, type Scope } from './types';

export interface Selected {
  readonly nodeIds: readonly string[];
  readonly edgeIds: readonly string[];
}

/**
 * Operations that delete nodes and edges.
 *
 * Each connected group of deleted nodes that one tensor enters and one tensor leaves is bridged:
 * what fed the group feeds what the group fed.
 */
export function removeSelected(
  document: Document,
  scopeId: string | null,
  selected: Selected,
): Operation[] {
  const scope = scopeOf(document, scopeId);
  const nodes = new Set(selected.nodeIds.filter((id) => Object.hasOwn(scope.nodes, id)));
  const chosenEdges = new Set(selected.edgeIds.filter((id) => Object.hasOwn(scope.edges, id)));
  const edges = new Set(chosenEdges);
  for (const nodeId of nodes) {
    for (const { id } of [...edgesInto(scope, nodeId), ...edgesOutOf(scope, nodeId)]) edges.add(id);
  }
  const operations: Operation[] = [...edges].map((edge_id) => ({
    op: 'remove_edge',
    scope: scopeId,
    edge_id,
  }));
  if (scopeId !== null) operations.push(...withdrawPorts(document, scopeId, nodes));
  operations.push(...divide(scope.nodes, scopeId, [...nodes], true));
  for (const node_id of nodes) operations.push({ op: 'remove_node', scope: scopeId, node_id });
  for (const group of connectedGroups(scope, nodes)) {
    operations.push(...bridge(scope, scopeId, group, chosenEdges));
  }
  return operations;
}

/** The parts of `nodes` that hang together. */
function connectedGroups(scope: Scope, nodes: ReadonlySet<string>): Set<string>[] {
  const { incoming, outgoing } = incidenceOf(scope);
  const left = new Set(nodes);
  const groups: Set<string>[] = [];
  for (const start of nodes) {
    if (!left.delete(start)) continue;
    const group = new Set([start]);
    const queue = [start];
    for (let nodeId = queue.pop(); nodeId !== undefined; nodeId = queue.pop()) {
      const before = (incoming.get(nodeId) ?? []).map(({ edge }) => edge.source.node);
      const after = (outgoing.get(nodeId) ?? []).map(({ edge }) => edge.target.node);
      for (const neighbour of [...before, ...after]) {
        if (!left.delete(neighbour)) continue;
        group.add(neighbour);
        queue.push(neighbour);
      }
    }
    groups.push(group);
  }
  return groups;
}

function bridge(
  scope: Scope,
  scopeId: string | null,
  group: ReadonlySet<string>,
  chosenEdges: ReadonlySet<string>,
): Operation[] {
  const entering: Endpoint[] = [];
  const leaving: { source: Endpoint; target: Endpoint }[] = [];
  for (const nodeId of group) {
    for (const { id, edge } of edgesInto(scope, nodeId)) {
      if (group.has(edge.source.node)) continue;
      if (chosenEdges.has(id)) return [];
      entering.push(edge.source);
    }
    for (const { id, edge } of edgesOutOf(scope, nodeId)) {
      if (group.has(edge.target.node) || chosenEdges.has(id)) continue;
      leaving.push(edge);
    }
  }
  const [source] = entering;
  const [first] = leaving;
  if (source === undefined || first === undefined || entering.length !== 1) return [];
  if (leaving.some((edge) => !isSameEndpoint(edge.source, first.source))) return [];
  return leaving.map((edge) => connect(scopeId, source, edge.target));
}

/** A deleted port of a block also leaves the block's instances, and what is connected there. */
function withdrawPorts(
  document: Document,
  blockId: string,
  nodes: ReadonlySet<string>,
): Operation[] {
  const block = lookup(document.graph.blocks, blockId);
  if (block === undefined) return [];
  const keeps = (nodeId: string): boolean => !nodes.has(nodeId);
  const names = new Set(
    [...block.inputs, ...block.outputs]
      .filter((nodeId) => nodes.has(nodeId))
      .map((nodeId) => lookup(block.nodes, nodeId)?.name),
  );
  const named = Object.values(block.exposed).flatMap(targetsOf);
  if (names.size === 0 && named.every(({ node }) => keeps(node))) return [];
  const exposed = Object.entries(block.exposed).flatMap(([name, parameter]) => {
    const left = exposedAt(targetsOf(parameter).filter(({ node }) => keeps(node)));
    return left === null ? [] : [[name, left] as const];
  });
  const operations: Operation[] = [];
  for (const { scope, nodeId } of instancesOf(document, blockId)) {
    const content = scopeOf(document, scope);
    const gone = [
      ...edgesInto(content, nodeId).filter(({ edge }) => names.has(edge.target.port)),
      ...edgesOutOf(content, nodeId).filter(({ edge }) => names.has(edge.source.port)),
    ];
    for (const { id } of gone) operations.push({ op: 'remove_edge', scope, edge_id: id });
  }
  operations.push({
    op: 'set_block',
    block_id: blockId,
    name: block.name,
    inputs: block.inputs.filter(keeps),
    outputs: block.outputs.filter(keeps),
    exposed: Object.fromEntries(exposed),
  });
  return operations;
}
