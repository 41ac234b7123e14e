/** Operations on block definitions. */

import type { Applied } from './apply';
import { OperationRefused, type AddBlock, type RemoveBlock, type SetBlock } from './operations';
import { namedNodes, refuseForeignNames, refuseMissingBlock, refuseWrongEdges } from './blockRules';
import { lookup, withKey, withoutKey } from './records';
import { refuseLongParams } from './paramLimits';
import { hasNodeAnywhere, instancesOf } from './scope';
import type { BlockDefinition, Document, Position } from './types';

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

function addBlock(document: Document, operation: AddBlock): Applied {
  const { block_id: blockId, block, positions } = operation;
  if (Object.hasOwn(document.graph.blocks, blockId)) {
    throw new OperationRefused(`There already is a block “${blockId}”.`);
  }
  const taken = Object.keys(block.nodes).find((nodeId) => hasNodeAnywhere(document, nodeId));
  if (taken !== undefined) throw new OperationRefused(`There already is a node “${taken}”.`);
  refuseWrongEdges(block);
  for (const node of Object.values(block.nodes)) refuseLongParams(node);
  refuseForeignNames(block, [...Object.keys(positions), ...namedNodes(block)]);
  const added = withBlocks(document, withKey(document.graph.blocks, blockId, block));
  for (const node of Object.values(block.nodes)) refuseMissingBlock(added, node);
  const all = { ...added.view.positions, ...positions };
  return {
    document: { ...added, view: { ...added.view, positions: all } },
    inverse: { op: 'remove_block', block_id: blockId },
  };
}

function removeBlock(document: Document, { block_id: blockId }: RemoveBlock): Applied {
  const block = needBlock(document, blockId);
  if (instancesOf(document, blockId).length > 0) {
    throw new OperationRefused(`Block “${block.name}” is still used.`);
  }
  if (Object.values(document.view.frames).some((frame) => frame.scope === blockId)) {
    throw new OperationRefused(`A frame is still drawn in block “${block.name}”.`);
  }
  const isInside = ([nodeId]: [string, Position]): boolean => Object.hasOwn(block.nodes, nodeId);
  const places = Object.entries(document.view.positions);
  const kept = Object.fromEntries(places.filter((place) => !isInside(place)));
  const positions = Object.fromEntries(places.filter(isInside));
  const removed = withBlocks(document, withoutKey(document.graph.blocks, blockId));
  return {
    document: { ...removed, view: { ...removed.view, positions: kept } },
    inverse: { op: 'add_block', block_id: blockId, block, positions },
  };
}

function setBlock(document: Document, operation: SetBlock): Applied {
  const { block_id: blockId, name, inputs, outputs, exposed } = operation;
  const before = needBlock(document, blockId);
  const block: BlockDefinition = { ...before, name, inputs, outputs, exposed };
  refuseForeignNames(block, namedNodes(block));
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
