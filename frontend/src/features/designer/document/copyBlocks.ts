/** Bringing block definitions into a document: under new ids, and each only once. */

import { newId } from './ids';
import { uniqueName } from './names';
import type { Operation } from './operations';
import { lookup } from './records';
import { renamedOwner } from './sharing';
import {
  exposedAt,
  targetsOf,
  type BlockDefinition,
  type Document,
  type Edge,
  type Node,
  type Position,
} from './types';

/** Definitions with all they use, and where their nodes are drawn. */
export interface BlockSet {
  readonly blocks: Readonly<Record<string, BlockDefinition>>;
  readonly positions: Readonly<Record<string, Position>>;
}

/**
 * Decide the id of each block, and add those that are new, inner ones first.
 *
 * @param known Blocks of the document that stand for one of the set, by the id in the set.
 */
export function copyBlocks(
  document: Document,
  set: BlockSet,
  known: ReadonlyMap<string, string>,
  operations: Operation[],
): Map<string, string> {
  const blockIds = new Map(
    Object.keys(set.blocks).map((id) => [id, known.get(id) ?? newId()] as const),
  );
  const names = new Set(Object.values(document.graph.blocks).map((block) => block.name));
  for (const [id, block] of innerFirst(set.blocks)) {
    if (known.has(id)) continue;
    const ids = new Map(Object.keys(block.nodes).map((nodeId) => [nodeId, newId()] as const));
    const name = uniqueName(block.name, names);
    names.add(name);
    const positions = [...ids].flatMap(([from, to]) => {
      const position = lookup(set.positions, from);
      return position === undefined ? [] : [[to, position] as const];
    });
    operations.push({
      op: 'add_block',
      block_id: blockIds.get(id) ?? newId(),
      block: { ...renamed(block, ids, blockIds), name },
      positions: Object.fromEntries(positions),
    });
  }
  return blockIds;
}

/** The same definition with other ids. */
function renamed(
  block: BlockDefinition,
  ids: ReadonlyMap<string, string>,
  blockIds: ReadonlyMap<string, string>,
): BlockDefinition {
  const rename = (nodeId: string): string => ids.get(nodeId) ?? nodeId;
  const nodes = Object.entries(block.nodes).map(([nodeId, node]): [string, Node] => [
    rename(nodeId),
    { ...renamedOwner(node, ids), block: mapped(node.block, blockIds) },
  ]);
  const edges = Object.values(block.edges).flatMap((edge): [string, Edge][] => {
    const copy = renameEdge(edge, ids);
    return copy === null ? [] : [[newId(), copy]];
  });
  const exposed = Object.entries(block.exposed).flatMap(([name, parameter]) => {
    const targets = targetsOf(parameter).map(({ node, param }) => ({ node: rename(node), param }));
    const copy = exposedAt(targets);
    return copy === null ? [] : [[name, copy] as const];
  });
  return {
    name: block.name,
    nodes: Object.fromEntries(nodes),
    edges: Object.fromEntries(edges),
    inputs: block.inputs.map(rename),
    outputs: block.outputs.map(rename),
    exposed: Object.fromEntries(exposed),
  };
}

export function mapped(block: string | null, blockIds: ReadonlyMap<string, string>): string | null {
  return block === null ? null : (blockIds.get(block) ?? block);
}

export function renameEdge(edge: Edge, ids: ReadonlyMap<string, string>): Edge | null {
  const source = ids.get(edge.source.node);
  const target = ids.get(edge.target.node);
  if (source === undefined || target === undefined) return null;
  return {
    source: { node: source, port: edge.source.port },
    target: { node: target, port: edge.target.port },
  };
}

export function innerFirst(
  blocks: Readonly<Record<string, BlockDefinition>>,
): [string, BlockDefinition][] {
  const sorted = new Map<string, BlockDefinition>();
  const visit = (id: string, above: readonly string[]): void => {
    const block = lookup(blocks, id);
    if (block === undefined || sorted.has(id) || above.includes(id)) return;
    for (const node of Object.values(block.nodes)) {
      if (node.block !== null) visit(node.block, [...above, id]);
    }
    sorted.set(id, block);
  };
  for (const id of Object.keys(blocks)) visit(id, []);
  return [...sorted];
}
