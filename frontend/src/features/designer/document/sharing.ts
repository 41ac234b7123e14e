/**
 * Which nodes of a scope use the same weights, as the server reads it (`netloom/graph/sharing.py`).
 *
 * A node names whose weights it uses; all that lead to one name use one set. The name outlives its
 * node: what is left goes on sharing.
 */

import type { Operation } from './operations';
import { lookup } from './records';
import { scopeOfNode, scopeOf } from './scope';
import type { Document, Node, Nodes } from './types';

export interface Sharing {
  /** What the weights of a node go by, for nodes that name others. */
  readonly keys: ReadonlyMap<string, string>;
  /** By that name, the nodes that use the weights, where there are several. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

const read = new WeakMap<Nodes, Sharing>();

/** Computed once for each version of the nodes. */
export function sharingOf(nodes: Nodes): Sharing {
  const known = read.get(nodes);
  if (known !== undefined) return known;
  const keys = new Map<string, string>();
  const users = Object.keys(nodes).filter((id) => lookup(nodes, id)?.weights_of !== undefined);
  for (const id of users.sort()) {
    const way: string[] = [];
    let place = id;
    while (!keys.has(place) && !way.includes(place)) {
      const next = lookup(nodes, place)?.weights_of;
      if (next === undefined) break;
      way.push(place);
      place = next;
    }
    // Nodes that name each other in a circle go by the smallest id among them.
    const circle = way.includes(place) ? way.slice(way.indexOf(place)).sort() : [];
    const end = circle[0] ?? keys.get(place) ?? place;
    for (const each of way) keys.set(each, end);
  }
  const members = new Map<string, Set<string>>();
  for (const [id, key] of keys) {
    const found = members.get(key) ?? new Set(Object.hasOwn(nodes, key) ? [key] : []);
    members.set(key, found.add(id));
  }
  const groups = new Map(
    [...members].flatMap(([key, found]) => (found.size > 1 ? [[key, [...found].sort()]] : [])),
  );
  const sharing = { keys, groups };
  read.set(nodes, sharing);
  return sharing;
}

export function weightsKey(nodes: Nodes, nodeId: string): string {
  return sharingOf(nodes).keys.get(nodeId) ?? nodeId;
}

/** The nodes that use the weights of one, itself among them. */
export function sharersOf(nodes: Nodes, nodeId: string): readonly string[] {
  return sharingOf(nodes).groups.get(weightsKey(nodes, nodeId)) ?? [nodeId];
}

/** The node that says how the weights of another look, start and learn. */
export function holderOf(nodes: Nodes, nodeId: string): string {
  const group = sharersOf(nodes, nodeId);
  const key = weightsKey(nodes, nodeId);
  return group.includes(key) ? key : (group[0] ?? nodeId);
}

/** Nodes with all that use the weights of one of them. */
export function withSharers(nodes: Nodes, nodeIds: readonly string[]): string[] {
  return [...new Set(nodeIds.flatMap((id) => [id, ...sharersOf(nodes, id)]))];
}

/** Names of the other nodes that use the weights of one. */
export function namesOfSharers(nodes: Nodes, nodeId: string): string[] {
  return sharersOf(nodes, nodeId).flatMap((id) =>
    id === nodeId ? [] : [lookup(nodes, id)?.name ?? id],
  );
}

/** The nodes beside which the last one of a path stands. */
export function nodesBeside(document: Document, path: string): Nodes {
  const nodeId = path.slice(path.lastIndexOf('/') + 1);
  return scopeOf(document, scopeOfNode(document, nodeId) ?? null).nodes;
}

/** An operation that says whose weights a node uses; nobody's are its own. */
export function setOwner(scope: string | null, nodeId: string, owner: string): Operation {
  return { op: 'set_attribute', scope, node_id: nodeId, attribute: 'weights_of', value: owner };
}

/** Let nodes use the weights of another; whoever shares with these comes along. */
export function shareWith(
  nodes: Nodes,
  scope: string | null,
  nodeIds: readonly string[],
  ownerId: string,
): Operation[] {
  const key = weightsKey(nodes, ownerId);
  return nodeIds.flatMap((id) =>
    id === key || weightsKey(nodes, id) === key ? [] : [setOwner(scope, id, key)],
  );
}

/**
 * Let nodes share their weights no longer; those that are left go on sharing.
 *
 * @param isLeaving The nodes go altogether: nothing is set on them.
 */
export function divide(
  nodes: Nodes,
  scope: string | null,
  nodeIds: readonly string[],
  isLeaving = false,
): Operation[] {
  const leaving = new Set(nodeIds);
  const owners = new Map<string, string>();
  for (const key of new Set(nodeIds.map((id) => weightsKey(nodes, id)))) {
    const group = sharingOf(nodes).groups.get(key) ?? nodeIds.filter((id) => weightsKey(nodes, id) === key);
    const staying = group.filter((id) => !leaving.has(id));
    if (!isLeaving) for (const id of group) if (leaving.has(id)) owners.set(id, '');
    const [first, ...others] = staying;
    if (first === undefined || (others.length > 0 && !leaving.has(key) && Object.hasOwn(nodes, key))) continue;
    owners.set(first, '');
    for (const id of others) owners.set(id, first);
  }
  return [...owners].flatMap(([id, owner]) =>
    (lookup(nodes, id)?.weights_of ?? '') === owner ? [] : [setOwner(scope, id, owner)],
  );
}

/** The node with the weights of another; nobody's are its own. */
export function withOwner(node: Node, owner: string): Node {
  const { type, name, params, note, module_path, is_frozen, block, overrides, repeat, weights } =
    node;
  const own = {
    type, name, params, note, module_path, is_frozen, block, overrides, repeat, weights,
  }; // prettier-ignore
  return owner === '' ? own : { ...own, weights_of: owner };
}

/** The same sharing under other ids; a name that has none there is kept. */
export function renamedOwner(node: Node, ids: ReadonlyMap<string, string>): Node {
  const { weights_of: owner } = node;
  return owner === undefined ? node : withOwner(node, ids.get(owner) ?? owner);
}
