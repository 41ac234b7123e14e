/** Renaming a node. A port of a block is addressed by name, so its edges outside follow. */

import { newId } from './ids';
import type { Operation } from './operations';
import { lookup } from './records';
import { edgesInto, edgesOutOf, instancesOf, scopeOf } from './scope';
import { BLOCK_INPUT, BLOCK_OUTPUT, type Document } from './types';

export function renameNode(
  document: Document,
  scopeId: string | null,
  nodeId: string,
  name: string,
): Operation[] {
  const node = lookup(scopeOf(document, scopeId).nodes, nodeId);
  if (node === undefined || node.name === name) return [];
  const rename: Operation = {
    op: 'set_attribute',
    scope: scopeId,
    node_id: nodeId,
    attribute: 'name',
    value: name,
  };
  const isPort = node.type === BLOCK_INPUT || node.type === BLOCK_OUTPUT;
  if (scopeId === null || !isPort) return [rename];
  const isInput = node.type === BLOCK_INPUT;
  const end = isInput ? 'target' : 'source';
  const before: Operation[] = [];
  const after: Operation[] = [];
  for (const { scope, nodeId: instance } of instancesOf(document, scopeId)) {
    const content = scopeOf(document, scope);
    const touching = isInput ? edgesInto(content, instance) : edgesOutOf(content, instance);
    for (const { id, edge } of touching) {
      if (edge[end].port !== node.name) continue;
      before.push({ op: 'remove_edge', scope, edge_id: id });
      const moved = { ...edge, [end]: { node: instance, port: name } };
      after.push({ op: 'add_edge', scope, edge_id: newId(), edge: moved });
    }
  }
  return [...before, rename, ...after];
}
