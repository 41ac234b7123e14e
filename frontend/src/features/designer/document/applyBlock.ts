/** Operations on block definitions. */

import type { Applied } from './apply';
import {
  OperationRefused,
  type AddBlock,
  type Operation,
  type RemoveBlock,
  type SetBlock,
} from './operations';
import { lookup, withKey, withoutKey } from './records';
import { hasNodeAnywhere, instancesOf } from './scope';
import type { BlockDefinition, Document } from './types';

export function applyBlockOperation(
  document: Document,
  operation: AddBlock | RemoveBlock | SetBlock,
): Applied {
  switch (operation.op) {
    case 'add_block':
      return addBlock(document, operation);
    case 'remove_block':
      return removeBlock(document, operation);
    case 'set_block':
      return setBlock(document, operation);
  }
}

type Blocks = Readonly<Record<string, BlockDefinition>>;

function withBlocks(document: Document, blocks: Blocks): Document {
  return { ...document, graph: { ...document.graph, blocks } };
}

function needBlock(document: Document, blockId: string): BlockDefinition {
  const block = lookup(document.graph.blocks, blockId);
  if (block === undefined) throw new OperationRefused(`There is no block “${blockId}”.`);
  return block;
}

function addBlock(document: Document, { block_id: blockId, block }: AddBlock): Applied {
  if (Object.hasOwn(document.graph.blocks, blockId)) {
    throw new OperationRefused(`There already is a block “${blockId}”.`);
  }
  const taken = Object.keys(block.nodes).find((nodeId) => hasNodeAnywhere(document, nodeId));
  if (taken !== undefined) throw new OperationRefused(`There already is a node “${taken}”.`);
  const inverse: Operation = { op: 'remove_block', block_id: blockId };
  return {
    document: withBlocks(document, withKey(document.graph.blocks, blockId, block)),
    inverse,
  };
}

function removeBlock(document: Document, { block_id: blockId }: RemoveBlock): Applied {
  const block = needBlock(document, blockId);
  if (instancesOf(document, blockId).length > 0) {
    throw new OperationRefused(`Block “${block.name}” is still used.`);
  }
  return {
    document: withBlocks(document, withoutKey(document.graph.blocks, blockId)),
    inverse: { op: 'add_block', block_id: blockId, block },
  };
}

function setBlock(document: Document, operation: SetBlock): Applied {
  const { block_id: blockId, name, inputs, outputs, exposed } = operation;
  const before = needBlock(document, blockId);
  const missing = [...inputs, ...outputs].find((nodeId) => !Object.hasOwn(before.nodes, nodeId));
  if (missing !== undefined) {
    throw new OperationRefused(`Block “${before.name}” has no node “${missing}”.`);
  }
  const block: BlockDefinition = { ...before, name, inputs, outputs, exposed };
  return {
    document: withBlocks(document, withKey(document.graph.blocks, blockId, block)),
    inverse: {
      op: 'set_block',
      block_id: blockId,
      name: before.name,
      inputs: before.inputs,
      outputs: before.outputs,
      exposed: before.exposed,
    },
  };
}
