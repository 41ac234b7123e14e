/** Moving layers across the border of a block: into it from around it, or out of it. */

import { outOfBlock } from './asUsed';
import { Content, edgeKey, type Divided } from './border';
import { reexposeInto, reexposeOutOf, retarget } from './exposedAcross';
import type { BlockEditResult } from './groupBlock';
import { STAYS_OUTSIDE } from './groupBlock';
import { newId } from './ids';
import { namesOf, uniqueName } from './names';
import type { Operation } from './operations';
import { lookup } from './records';
import { blockUses, instancesOf, reachableFrom, scopeOf } from './scope';
import { namesOfSharers, sharersOf } from './sharing';
import {
  BLOCK_INPUT,
  type BlockDefinition,
  type Document,
  type Edges,
  type Node,
  type Position,
  type Scope,
} from './types';

export interface Border {
  /** The scope around the block. */
  readonly scopeId: string | null;
  readonly instanceId: string;
}

/**
 * Move nodes across the border of a block. What they are connected to stays connected: ports are
 * used again, made, and taken away as the edges need them.
 *
 * @param direction Into the block, or out of it.
 * @param positions Where the nodes go, in the scope that they come to.
 */
export function moveAcross(
  document: Document,
  { scopeId, instanceId }: Border,
  direction: 'in' | 'out',
  positions: Readonly<Record<string, Position>>,
): BlockEditResult {
  const outer = scopeOf(document, scopeId);
  const instance = lookup(outer.nodes, instanceId);
  const blockId = instance?.block ?? null;
  const block = blockId === null ? undefined : lookup(document.graph.blocks, blockId);
  if (instance === undefined || blockId === null || block === undefined) {
    return { refused: 'This is not a block.' };
  }
  const moved = new Set(Object.keys(positions));
  const from = direction === 'in' ? outer : block;
  const refused =
    blockProblem(document, outer, instanceId, instance, blockId) ??
    nodeProblem(document, from, moved, blockId);
  if (refused !== null) return { refused };

  const before = new Content(outer, block, instanceId);
  const inside = new Set(before.inner.keys());
  for (const id of moved) {
    if (direction === 'in') inside.add(id);
    else inside.delete(id);
  }
  if (inside.size === 0) return { refused: 'Nothing would be left in the block. Dissolve it instead.' };
  const after = before.divided(inside);
  const returning = [...reachableFrom({ nodes: {}, edges: after.outerEdges }, after.behind)];
  if (returning.includes(instanceId)) {
    return {
      refused: `A path would leave ${instance.name} and come back. Move what lies between as well.`,
    };
  }
  const names = namesOf(direction === 'in' ? block.nodes : outer.nodes);
  const arriving = [...moved].flatMap((id): Operation[] => {
    const node = lookup(from.nodes, id);
    if (node === undefined) return [];
    const used = direction === 'in' ? node : outOfBlock(block, instance, id, node);
    const name = uniqueName(node.name, names);
    names.add(name);
    const scope = direction === 'in' ? blockId : scopeId;
    const position = lookup(positions, id) ?? null;
    return [{ op: 'add_node', scope, node_id: id, node: { ...used, name }, position }];
  });
  const exposing =
    direction === 'in'
      ? reexposeInto(document, scopeId, instanceId, moved, block.exposed)
      : reexposeOutOf(document, scopeId, instanceId, block, (target) =>
          moved.has(target.node) ? [target] : null,
        );
  const keeping = exposedOf(block, inside);
  const exposed = { ...keeping, ...exposing.inner };
  const header = (
    { inputs, outputs }: Pick<Divided, 'inputs' | 'outputs'>,
    offered: BlockDefinition['exposed'],
  ): Operation => ({
    op: 'set_block', block_id: blockId, name: block.name, inputs, outputs, exposed: offered,
  }); // prettier-ignore
  const gone = [...block.inputs, ...block.outputs].filter(
    (id) => !after.inputs.includes(id) && !after.outputs.includes(id),
  );
  const kept = (ids: readonly string[]): string[] => ids.filter((id) => !gone.includes(id));
  const outerEdges = difference(scopeId, outer.edges, after.outerEdges);
  const innerEdges = difference(blockId, block.edges, after.innerEdges);
  const overrides = Object.entries(instance.overrides).filter(
    ([name]) => Object.hasOwn(exposed, name) || !Object.hasOwn(block.exposed, name),
  );
  return {
    operations: [
      ...outerEdges.removed,
      ...innerEdges.removed,
      header({ inputs: kept(block.inputs), outputs: kept(block.outputs) }, keeping),
      ...exposing.before,
      ...gone.map((id) => removeNode(blockId, id)),
      ...[...moved].map((id) => removeNode(direction === 'in' ? scopeId : blockId, id)),
      ...arriving,
      ...after.ports.map(([id, node]): Operation => ({
        op: 'add_node',
        scope: blockId,
        node_id: id,
        node,
        position: beside(document, block, node.type, inside),
      })),
      header(after, exposed),
      {
        op: 'set_attribute',
        scope: scopeId,
        node_id: instanceId,
        attribute: 'overrides',
        value: Object.fromEntries(overrides),
      },
      ...exposing.after,
      ...outerEdges.added,
      ...innerEdges.added,
    ],
    nodeIds: [...moved],
  };
}

const removeNode = (scope: string | null, node_id: string): Operation => ({
  op: 'remove_node', scope, node_id,
}); // prettier-ignore

function blockProblem(
  document: Document,
  outer: Scope,
  instanceId: string,
  instance: Node,
  blockId: string,
): string | null {
  const { length } = instancesOf(document, blockId);
  if (length > 1) {
    return `The block of ${instance.name} is used ${length} times, and what is moved would change all of them. Edit the block itself.`;
  }
  if (instance.repeat > 1) {
    return `${instance.name} is applied ${instance.repeat} times. Set the repeat to 1 first.`;
  }
  const others = namesOfSharers(outer.nodes, instanceId);
  if (others.length === 0) return null;
  return `${instance.name} shares its weights with ${others.join(', ')}. Give it own weights first.`;
}

function nodeProblem(
  document: Document,
  from: Scope,
  moved: ReadonlySet<string>,
  blockId: string,
): string | null {
  for (const id of moved) {
    const node = lookup(from.nodes, id);
    if (node === undefined) return 'One of the layers is gone.';
    if (STAYS_OUTSIDE.has(node.type)) {
      return 'Inputs and outputs stay where they are: those of a block, and those of the network.';
    }
    if (node.block !== null && blockUses(document, node.block, blockId)) {
      return 'A block cannot hold itself.';
    }
    if (sharersOf(from.nodes, id).some((other) => !moved.has(other))) {
      const others = namesOfSharers(from.nodes, id).join(', ');
      return `${node.name} shares its weights with ${others}, and weights are shared within one scope. Move all of them, or give it own weights.`;
    }
  }
  return null;
}

function exposedOf(block: BlockDefinition, inside: ReadonlySet<string>): BlockDefinition['exposed'] {
  return retarget(block.exposed, (target) => (inside.has(target.node) ? [target] : []));
}

const PORT_GAP_PX = 240;

/** Beside the layers of the block: inputs to the left, outputs to the right. */
function beside(
  { view }: Document,
  block: BlockDefinition,
  type: string,
  inside: ReadonlySet<string>,
): Position {
  const placed = [...inside].flatMap((id) =>
    Object.hasOwn(block.nodes, id) ? (lookup(view.positions, id) ?? []) : [],
  );
  const xs = placed.map(({ x }) => x);
  const top = Math.min(0, ...placed.map(({ y }) => y));
  const left = xs.length === 0 ? 0 : Math.min(...xs);
  const right = xs.length === 0 ? 0 : Math.max(...xs);
  return { x: type === BLOCK_INPUT ? left - PORT_GAP_PX : right + PORT_GAP_PX, y: top - 112 };
}

/** What takes the edges of a scope to others; those that are in both keep their ids. */
function difference(
  scope: string | null,
  before: Edges,
  after: Edges,
): { removed: Operation[]; added: Operation[] } {
  const wanted = new Set(Object.values(after).map(edgeKey));
  const known = new Set(Object.values(before).map(edgeKey));
  return {
    removed: Object.entries(before).flatMap(([edge_id, edge]): Operation[] =>
      wanted.has(edgeKey(edge)) ? [] : [{ op: 'remove_edge', scope, edge_id }],
    ),
    added: Object.values(after).flatMap((edge): Operation[] =>
      known.has(edgeKey(edge)) ? [] : [{ op: 'add_edge', scope, edge_id: newId(), edge }],
    ),
  };
}
