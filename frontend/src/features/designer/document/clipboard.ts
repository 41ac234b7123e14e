/** Copy and paste as JSON text: within a network, across networks, and from a file's content. */

import { copyBlocks, mapped, renameEdge } from './copyBlocks';
import { newId } from './ids';
import { namesOf, uniqueName } from './names';
import type { Operation } from './operations';
import { parseDocument, readBlock, readEdge, readNode, readPosition } from './parse';
import { need, optional, readFields, recordOf } from './reader';
import { isSameData, lookup } from './records';
import { blockUses, scopeOf } from './scope';
import { renamedOwner, sharersOf } from './sharing';
import type { BlockDefinition, Document, Edges, Nodes, Position } from './types';

export const CLIP_FORMAT = 'netloom.clip';

/** Nodes with the edges between them and the blocks they use. */
export interface Clip {
  readonly nodes: Nodes;
  readonly edges: Edges;
  readonly blocks: Readonly<Record<string, BlockDefinition>>;
  readonly positions: Readonly<Record<string, Position>>;
}

export function copyNodes(
  document: Document,
  scopeId: string | null,
  nodeIds: readonly string[],
): Clip {
  const scope = scopeOf(document, scopeId);
  const chosen = new Set(nodeIds);
  const nodes = Object.entries(scope.nodes).filter(([id]) => chosen.has(id));
  const edges = Object.entries(scope.edges).filter(
    ([, edge]) => chosen.has(edge.source.node) && chosen.has(edge.target.node),
  );
  const used = nodes.flatMap(([, node]) => (node.block === null ? [] : [node.block]));
  const blocks = Object.entries(document.graph.blocks).filter(([id]) =>
    used.some((outer) => blockUses(document, outer, id)),
  );
  const placed = new Set([...chosen, ...blocks.flatMap(([, block]) => Object.keys(block.nodes))]);
  const positions = Object.entries(document.view.positions).filter(([id]) => placed.has(id));
  return {
    nodes: Object.fromEntries(nodes),
    edges: Object.fromEntries(edges),
    blocks: Object.fromEntries(blocks),
    positions: Object.fromEntries(positions),
  };
}

export function clipText(clip: Clip): string {
  return JSON.stringify({ format: CLIP_FORMAT, schema: 1, ...clip }, null, 1);
}

/** Read copied text: a clip, or a whole network. Throws MalformedData or SyntaxError. */
export function parseClip(text: string): Clip {
  const value: unknown = JSON.parse(text);
  const fields = readFields(value, '');
  if (fields.get('format') !== CLIP_FORMAT) {
    const { graph, view } = parseDocument(value);
    return { ...graph, positions: view.positions };
  }
  return {
    nodes: need(fields, '', 'nodes', recordOf(readNode)),
    edges: need(fields, '', 'edges', recordOf(readEdge)),
    blocks: optional(fields, '', 'blocks', recordOf(readBlock), {}),
    positions: optional(fields, '', 'positions', recordOf(readPosition), {}),
  };
}

export interface Paste {
  readonly operations: readonly Operation[];
  readonly nodeIds: readonly string[];
}

/**
 * Operations that add a copy under new ids and free names.
 *
 * A block the document already has, with the same content, is used again; any other is added.
 *
 * @param at Where the top left corner of what is pasted goes.
 */
export function pasteClip(
  document: Document,
  scopeId: string | null,
  clip: Clip,
  at: Position,
): Paste | { readonly refused: string } {
  if (Object.keys(clip.nodes).length === 0) return { refused: 'There are no layers in that text.' };
  const operations: Operation[] = [];
  const blockIds = copyBlocks(document, clip, knownById(document, clip.blocks), operations);
  const usesItself = Object.values(clip.nodes).some(
    ({ block }) =>
      scopeId !== null &&
      block !== null &&
      blockUses(document, blockIds.get(block) ?? block, scopeId),
  );
  if (usesItself) return { refused: 'A block cannot hold itself.' };

  const taken = namesOf(scopeOf(document, scopeId).nodes);
  const ids = new Map(Object.keys(clip.nodes).map((id) => [id, newId()]));
  const owners = new Map([...ownersElsewhere(document, scopeId, clip, ids), ...ids]);
  const placed = Object.keys(clip.nodes).map((id) => lookup(clip.positions, id) ?? { x: 0, y: 0 });
  const left = Math.min(...placed.map(({ x }) => x));
  const top = Math.min(...placed.map(({ y }) => y));
  for (const [id, node] of Object.entries(clip.nodes)) {
    const name = uniqueName(node.name, taken);
    taken.add(name);
    const { x, y } = lookup(clip.positions, id) ?? { x: left, y: top };
    operations.push({
      op: 'add_node',
      scope: scopeId,
      node_id: ids.get(id) ?? newId(),
      node: { ...renamedOwner(node, owners), name, block: mapped(node.block, blockIds) },
      position: { x: at.x + x - left, y: at.y + y - top },
    });
  }
  for (const edge of Object.values(clip.edges)) {
    const renamed = renameEdge(edge, ids);
    if (renamed === null) continue;
    operations.push({ op: 'add_edge', scope: scopeId, edge_id: newId(), edge: renamed });
  }
  return { operations, nodeIds: [...ids.values()] };
}

/**
 * What stands for the names that no copied node goes by.
 *
 * Where such a node is in this scope, its copies use its weights as well. Elsewhere they share among
 * themselves; one that is alone has its own.
 */
function ownersElsewhere(
  document: Document,
  scopeId: string | null,
  { nodes }: Clip,
  ids: ReadonlyMap<string, string>,
): Map<string, string> {
  const here = scopeOf(document, scopeId).nodes;
  const owners = new Map<string, string>();
  for (const [id, node] of Object.entries(nodes)) {
    const { weights_of: owner } = node;
    if (owner === undefined || owners.has(owner) || Object.hasOwn(here, owner)) continue;
    const first = ids.get(id);
    if (first !== undefined) owners.set(owner, sharersOf(nodes, id).length > 1 ? first : '');
  }
  return owners;
}

/** Blocks the document has under the same id with the same content. */
function knownById(
  document: Document,
  blocks: Readonly<Record<string, BlockDefinition>>,
): Map<string, string> {
  const known = Object.entries(blocks).filter(([id, block]) => {
    const own = lookup(document.graph.blocks, id);
    return own !== undefined && isSameData(own, block);
  });
  return new Map(known.map(([id]) => [id, id]));
}
