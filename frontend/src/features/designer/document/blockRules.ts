/** What block definitions and their instances keep true. */

import { OperationRefused } from './operations';
import { targetsOf, type BlockDefinition, type Document, type Node } from './types';

/** Nodes that a block's ports and exposed parameters name. */
export function namedNodes(block: BlockDefinition): Set<string> {
  const exposed = Object.values(block.exposed).flatMap(targetsOf).map(({ node }) => node);
  return new Set([...block.inputs, ...block.outputs, ...exposed]);
}

export function refuseForeignNames(block: BlockDefinition, nodeIds: Iterable<string>): void {
  for (const nodeId of nodeIds) {
    if (Object.hasOwn(block.nodes, nodeId)) continue;
    throw new OperationRefused(`Block “${block.name}” has no node “${nodeId}”.`);
  }
}

export function refuseMissingBlock(document: Document, node: Node): void {
  if (node.block === null || Object.hasOwn(document.graph.blocks, node.block)) return;
  throw new OperationRefused(`There is no block “${node.block}” for “${node.name}”.`);
}

/** The edges of a definition join its own nodes, and no port takes two. */
export function refuseWrongEdges(block: BlockDefinition): void {
  const targets = new Set<string>();
  for (const { source, target } of Object.values(block.edges)) {
    refuseForeignNames(block, [source.node, target.node]);
    const key = `${target.node}:${target.port}`;
    if (targets.has(key)) {
      throw new OperationRefused(`Port “${target.port}” of “${target.node}” has two connections.`);
    }
    targets.add(key);
  }
}
