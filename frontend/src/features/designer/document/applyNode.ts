/** Operations on the nodes and edges of one scope. */

import type { Applied } from './apply';
import {
  OperationRefused,
  type AddEdge,
  type AddNode,
  type RemoveEdge,
  type RemoveNode,
  type SetAttribute,
  type SetParam,
} from './operations';
import { lookup, withKey, withoutKey } from './records';
import { namedNodes, refuseMissingBlock } from './blockRules';
import {
  refuseLongParams,
  refuseLongRecord,
  refuseLongValue,
  refuseManyParams,
} from './paramLimits';
import { edgesInto, edgesOutOf, findScope, hasNodeAnywhere, isSameEndpoint } from './scope';
import { withOwner } from './sharing';
import type { Document, Node, Params, Scope } from './types';

type NodeOperation = AddNode | RemoveNode | AddEdge | RemoveEdge | SetParam | SetAttribute;

export function applyNodeOperation(document: Document, operation: NodeOperation): Applied {
  const scope = findScope(document, operation.scope);
  if (scope === undefined) throw new OperationRefused(`There is no block “${operation.scope}”.`);
  switch (operation.op) {
    case 'add_node':
      return addNode(document, scope, operation);
    case 'remove_node':
      return removeNode(document, scope, operation);
    case 'add_edge':
      return addEdge(document, scope, operation);
    case 'remove_edge':
      return removeEdge(document, scope, operation);
    case 'set_param':
      return setParam(document, scope, operation);
    case 'set_attribute':
      return setAttribute(document, scope, operation);
  }
}

function withScope(document: Document, scope: string | null, change: Partial<Scope>): Document {
  if (scope === null) return { ...document, graph: { ...document.graph, ...change } };
  const block = lookup(document.graph.blocks, scope);
  if (block === undefined) throw new OperationRefused(`There is no block “${scope}”.`);
  const blocks = withKey(document.graph.blocks, scope, { ...block, ...change });
  return { ...document, graph: { ...document.graph, blocks } };
}

function needNode(scope: Scope, nodeId: string): Node {
  const node = lookup(scope.nodes, nodeId);
  if (node === undefined) throw new OperationRefused(`There is no node “${nodeId}”.`);
  return node;
}

function addNode(document: Document, scope: Scope, operation: AddNode): Applied {
  const { node_id: nodeId, node, position } = operation;
  if (hasNodeAnywhere(document, nodeId)) {
    throw new OperationRefused(`There already is a node “${nodeId}”.`);
  }
  refuseMissingBlock(document, node);
  refuseLongParams(node);
  const added = withScope(document, operation.scope, { nodes: withKey(scope.nodes, nodeId, node) });
  const positions =
    position === null ? added.view.positions : withKey(added.view.positions, nodeId, position);
  return {
    document: { ...added, view: { ...added.view, positions } },
    inverse: { op: 'remove_node', scope: operation.scope, node_id: nodeId },
  };
}

function removeNode(document: Document, scope: Scope, operation: RemoveNode): Applied {
  const { node_id: nodeId } = operation;
  const node = needNode(scope, nodeId);
  if (edgesInto(scope, nodeId).length > 0 || edgesOutOf(scope, nodeId).length > 0) {
    throw new OperationRefused(`“${node.name}” is still connected.`);
  }
  const block = operation.scope === null ? null : lookup(document.graph.blocks, operation.scope);
  if (block && namedNodes(block).has(nodeId)) {
    throw new OperationRefused(
      `“${node.name}” is a port of its block or has an exposed parameter.`,
    );
  }
  const removed = withScope(document, operation.scope, {
    nodes: withoutKey(scope.nodes, nodeId),
  });
  const position = lookup(document.view.positions, nodeId) ?? null;
  const positions = withoutKey(removed.view.positions, nodeId);
  return {
    document: { ...removed, view: { ...removed.view, positions } },
    inverse: { op: 'add_node', scope: operation.scope, node_id: nodeId, node, position },
  };
}

function addEdge(document: Document, scope: Scope, operation: AddEdge): Applied {
  const { edge_id: edgeId, edge } = operation;
  if (Object.hasOwn(scope.edges, edgeId)) {
    throw new OperationRefused(`There already is an edge “${edgeId}”.`);
  }
  needNode(scope, edge.source.node);
  const target = needNode(scope, edge.target.node);
  const isTaken = edgesInto(scope, edge.target.node).some((other) =>
    isSameEndpoint(other.edge.target, edge.target),
  );
  if (isTaken) {
    throw new OperationRefused(`Input “${edge.target.port}” of “${target.name}” is already used.`);
  }
  return {
    document: withScope(document, operation.scope, { edges: withKey(scope.edges, edgeId, edge) }),
    inverse: { op: 'remove_edge', scope: operation.scope, edge_id: edgeId },
  };
}

function removeEdge(document: Document, scope: Scope, operation: RemoveEdge): Applied {
  const { edge_id: edgeId } = operation;
  const edge = lookup(scope.edges, edgeId);
  if (edge === undefined) throw new OperationRefused(`There is no edge “${edgeId}”.`);
  return {
    document: withScope(document, operation.scope, { edges: withoutKey(scope.edges, edgeId) }),
    inverse: { op: 'add_edge', scope: operation.scope, edge_id: edgeId, edge },
  };
}

function setParam(document: Document, scope: Scope, operation: SetParam): Applied {
  const { node_id: nodeId, param } = operation;
  const node = needNode(scope, nodeId);
  const before = lookup(node.params, param);
  if (operation.is_set) {
    const isNew = before === undefined;
    refuseManyParams(node.name, Object.keys(node.params).length + (isNew ? 1 : 0));
    refuseLongValue(node.name, param, operation.value);
  }
  const params: Params = operation.is_set
    ? withKey(node.params, param, operation.value)
    : withoutKey(node.params, param);
  return {
    document: withScope(document, operation.scope, {
      nodes: withKey(scope.nodes, nodeId, { ...node, params }),
    }),
    inverse: {
      ...operation,
      is_set: before !== undefined,
      value: before ?? null,
    },
  };
}

function setAttribute(document: Document, scope: Scope, operation: SetAttribute): Applied {
  const { node_id: nodeId, attribute } = operation;
  const node = needNode(scope, nodeId);
  const changed = changeAttribute(node, operation);
  return {
    document: withScope(document, operation.scope, {
      nodes: withKey(scope.nodes, nodeId, changed),
    }),
    inverse: { ...operation, value: node[attribute] ?? '' },
  };
}

const TEXT_LIMITS = {
  name: { shortest: 1, longest: 64 },
  type: { shortest: 1, longest: 128 },
  note: { shortest: 0, longest: 4000 },
};

const NODE_ID_OR_NONE = /^[A-Za-z0-9_-]{0,64}$/;

function changeAttribute(node: Node, { attribute, value }: SetAttribute): Node {
  const wrong = (): never => {
    throw new OperationRefused(`“${attribute}” cannot be ${JSON.stringify(value)}.`);
  };
  switch (attribute) {
    case 'name':
    case 'type':
    case 'note': {
      if (typeof value !== 'string') return wrong();
      const { shortest, longest } = TEXT_LIMITS[attribute];
      const { length } = Array.from(value);
      return length < shortest || length > longest ? wrong() : { ...node, [attribute]: value };
    }
    case 'is_frozen':
      return typeof value === 'boolean' ? { ...node, is_frozen: value } : wrong();
    case 'repeat':
      return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 100_000
        ? { ...node, repeat: value }
        : wrong();
    case 'weights':
      return value === 'separate' || value === 'shared' ? { ...node, weights: value } : wrong();
    case 'weights_of':
      return typeof value === 'string' && NODE_ID_OR_NONE.test(value)
        ? withOwner(node, value)
        : wrong();
    case 'overrides':
      if (typeof value !== 'object') return wrong();
      refuseLongRecord(node.name, value);
      return { ...node, overrides: value };
  }
}
