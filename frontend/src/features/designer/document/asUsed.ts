/** A node within a block as one use of the block has it. */

import { lookup } from './records';
import { targetsOf, type BlockDefinition, type Document, type Node } from './types';

/** The inner node with the values its instance sets; a block within the block takes overrides. */
export function withOverrides(
  block: BlockDefinition,
  instance: Node,
  nodeId: string,
  node: Node,
): Node {
  const values = Object.entries(block.exposed).flatMap(([name, exposed]) => {
    const value = lookup(instance.overrides, name);
    if (value === undefined) return [];
    return targetsOf(exposed).flatMap((target) =>
      target.node === nodeId ? [[target.param, value] as const] : [],
    );
  });
  if (values.length === 0) return node;
  const half = node.block === null ? 'params' : 'overrides';
  return { ...node, [half]: { ...node[half], ...Object.fromEntries(values) } };
}

/** The inner node when it comes out of the block: what the instance sets and freezes goes along. */
export function outOfBlock(
  block: BlockDefinition,
  instance: Node,
  nodeId: string,
  node: Node,
): Node {
  const used = withOverrides(block, instance, nodeId, node);
  return instance.is_frozen ? { ...used, is_frozen: true } : used;
}

/** The node at a path `instance/inner`, with what the instances on the way set. */
export function asUsed({ graph }: Document, path: string): Node | undefined {
  const [first = '', ...inner] = path.split('/');
  let node = lookup(graph.nodes, first);
  for (const nodeId of inner) {
    const block = node?.block == null ? undefined : lookup(graph.blocks, node.block);
    const found = block && lookup(block.nodes, nodeId);
    if (node === undefined || block === undefined || found === undefined) return undefined;
    node = withOverrides(block, node, nodeId, found);
  }
  return node;
}
