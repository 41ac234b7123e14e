/** Blocks of the library in a document: a definition that is there already is used again. */

import { copyBlocks, innerFirst, type BlockSet } from './copyBlocks';
import type { Operation } from './operations';
import { lookup } from './records';
import { blockUses } from './scope';
import { targetsOf, type BlockDefinition, type Document, type Endpoint } from './types';

export interface PlacedBlock {
  readonly blockId: string;
  /** Add the definitions that the document does not have. */
  readonly operations: readonly Operation[];
}

/**
 * The definition of a library block in this document, and what adds it if it is new.
 *
 * One that was edited since it was inserted is another block: a fresh copy gets a free name.
 */
export function placeBlock(
  document: Document,
  scopeId: string | null,
  set: BlockSet,
  blockId: string,
): PlacedBlock {
  const own = contentsOf(document.graph.blocks);
  const byContent = new Map(
    [...own].flatMap(([id, content]) => {
      const holdsScope = scopeId !== null && blockUses(document, id, scopeId);
      return holdsScope ? [] : [[content, id] as const];
    }),
  );
  const known = new Map(
    [...contentsOf(set.blocks)].flatMap(([id, content]) => {
      const found = byContent.get(content);
      return found === undefined ? [] : [[id, found] as const];
    }),
  );
  const operations: Operation[] = [];
  const ids = copyBlocks(document, set, known, operations);
  return { blockId: ids.get(blockId) ?? blockId, operations };
}

/** What each definition computes, as text that is the same whatever the ids and the name. */
function contentsOf(blocks: Readonly<Record<string, BlockDefinition>>): Map<string, string> {
  const contents = new Map<string, string>();
  for (const [id, block] of innerFirst(blocks)) {
    const name = (nodeId: string): string => lookup(block.nodes, nodeId)?.name ?? nodeId;
    const end = ({ node, port }: Endpoint): string => `${name(node)}.${port}`;
    const nodes = Object.values(block.nodes).map((node) => [
      node.name,
      node.type,
      byKey(node.params),
      byKey(node.overrides),
      node.repeat,
      node.weights,
      node.is_frozen,
      node.weights_of === undefined ? null : name(node.weights_of),
      node.block === null ? null : (contents.get(node.block) ?? node.block),
    ]);
    const exposed = Object.entries(block.exposed).map(([title, parameter]) => [
      title,
      ...targetsOf(parameter).map(({ node, param }) => `${name(node)}.${param}`),
    ]);
    const edges = Object.values(block.edges).map(
      ({ source, target }) => `${end(source)}>${end(target)}`,
    );
    const content = [
      nodes.map((node) => JSON.stringify(node)).sort(),
      edges.sort(),
      block.inputs.map(name),
      block.outputs.map(name),
      exposed.map((each) => JSON.stringify(each)).sort(),
    ];
    contents.set(id, JSON.stringify(content));
  }
  return contents;
}

function byKey(values: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
}
