/** Taking a block apart. */

import { outOfBlock } from './asUsed';
import { connect } from './connect';
import { reexposeOutOf } from './exposedAcross';
import type { BlockEditResult } from './groupBlock';
import { newId } from './ids';
import { namesOf, uniqueName } from './names';
import type { Operation } from './operations';
import { lookup } from './records';
import { roomInPlaceOf, type Spacing } from './room';
import { edgesInto, edgesOutOf, hasNodeAnywhere, instancesOf, scopeOf } from './scope';
import { namesOfSharers, renamedOwner, setOwner, weightsKey } from './sharing';
import {
  BLOCK_INPUT,
  BLOCK_OUTPUT,
  type BlockDefinition,
  type Document,
  type Endpoint,
  type Node,
  type Position,
  type Scope,
} from './types';

/** Space between two copies of a repeated block. */
const COPY_GAP_PX = 240;
const MAX_COPIES = 64;
/** Of an id in a document. */
const MAX_ID = 64;

/**
 * Replace an instance by what its block holds, once for each repeat.
 *
 * @param hasWeights Whether a node may have something to share with its copies.
 */
export function dissolveBlock(
  document: Document,
  scopeId: string | null,
  instanceId: string,
  spacing: Spacing,
  hasWeights: (node: Node) => boolean,
): BlockEditResult {
  const scope = scopeOf(document, scopeId);
  const instance = lookup(scope.nodes, instanceId);
  const blockId = instance?.block ?? null;
  const block = blockId === null ? undefined : lookup(document.graph.blocks, blockId);
  if (instance === undefined || blockId === null || block === undefined) {
    return { refused: 'This is not a block.' };
  }
  const refused = sharingProblem(scope, instanceId) ?? dissolvingProblem(instance, block);
  if (refused !== null) return { refused };

  const entering = edgesInto(scope, instanceId);
  const leaving = edgesOutOf(scope, instanceId);
  const isLast = instancesOf(document, blockId).length === 1;
  const operations: Operation[] = [...entering, ...leaving].map(({ id }) => ({
    op: 'remove_edge',
    scope: scopeId,
    edge_id: id,
  }));
  const idsOf = (repeat: number): Ids =>
    copyIds(document, block, instanceId, repeat, isLast && repeat === 0);
  const copies = Array.from({ length: instance.repeat }, (_, repeat) => idsOf(repeat));
  const exposing = reexposeOutOf(document, scopeId, instanceId, block, ({ node, param }) =>
    copies.map((ids) => ({ node: ids.get(node) ?? node, param })),
  );
  operations.push(...exposing.before);
  operations.push({ op: 'remove_node', scope: scopeId, node_id: instanceId });
  if (isLast) operations.push({ op: 'remove_block', block_id: blockId });

  const taken = namesOf(scope.nodes);
  taken.delete(instance.name);
  const copier = new BlockCopier(document, scopeId, instance, block, taken);
  const place = lookup(document.view.positions, instanceId) ?? { x: 0, y: 0 };
  const box = { id: instanceId, ...place, width: spacing.width_px, height: spacing.heightOf(instance) };
  const size = copier.size(instance.repeat, spacing);
  const { origin, moves } = roomInPlaceOf(document, scopeId, box, size, spacing);
  operations.push(...moves);
  let sources = new Map(entering.map(({ edge }) => [edge.target.port, edge.source]));
  const nodeIds: string[] = [];
  const [first] = copies;
  for (const [repeat, ids] of copies.entries()) {
    const copy = copier.copy(sources, origin, repeat, ids);
    operations.push(...copy.operations);
    if (instance.weights === 'shared' && first !== undefined && ids !== first) {
      operations.push(...copier.sharing(ids, first, hasWeights));
    }
    nodeIds.push(...copy.nodeIds);
    if (repeat + 1 < instance.repeat) {
      const [output] = copy.outputs.values();
      const port = lookup(block.nodes, block.inputs[0] ?? '')?.name ?? 'input';
      sources = new Map(output === undefined ? [] : [[port, output]]);
    } else {
      for (const { edge } of leaving) {
        const source = copy.outputs.get(edge.source.port);
        if (source !== undefined) operations.push(connect(scopeId, source, edge.target));
      }
    }
  }
  return { operations: [...operations, ...exposing.after], nodeIds };
}

/**
 * Ids of one copy by those in the block. They are the same where nothing else has them; others say
 * where the layer was, `instance-1-layer`, so that it is found to keep its weights.
 */
function copyIds(
  document: Document,
  block: BlockDefinition,
  instanceId: string,
  repeat: number,
  keepsIds: boolean,
): Ids {
  const copied = (id: string): string => {
    const path = `${instanceId}-${repeat}-${id}`;
    return path.length > MAX_ID || hasNodeAnywhere(document, path) ? newId() : path;
  };
  const layers = layersOf(block);
  return new Map(layers.map(([id]) => [id, keepsIds ? id : copied(id)] as const));
}

function sharingProblem({ nodes }: Scope, instanceId: string): string | null {
  const others = namesOfSharers(nodes, instanceId);
  if (others.length === 0) return null;
  return `It shares its weights with ${others.join(', ')}: layers in this scope cannot share with layers within a block. Give it own weights first.`;
}

function dissolvingProblem(instance: Node, block: BlockDefinition): string | null {
  if (instance.repeat === 1) return null;
  if (block.inputs.length !== 1 || block.outputs.length !== 1) {
    return 'Only a block with one input and one output can be repeated.';
  }
  return instance.repeat > MAX_COPIES
    ? `Its ${instance.repeat} repeats would make too many layers. Set the repeat to at most ${MAX_COPIES}.`
    : null;
}

/** Of a copy, by the ids in the block. */
type Ids = ReadonlyMap<string, string>;

interface Copy {
  readonly operations: readonly Operation[];
  readonly nodeIds: readonly string[];
  /** What leaves the copy, by the name of the block's output port. */
  readonly outputs: ReadonlyMap<string, Endpoint>;
}

/** All that a block holds but its ports. */
function layersOf({ nodes }: BlockDefinition): [string, Node][] {
  return Object.entries(nodes).filter(
    ([, { type }]) => type !== BLOCK_INPUT && type !== BLOCK_OUTPUT,
  );
}

class BlockCopier {
  private readonly left: number;
  private readonly top: number;
  private readonly width: number;

  private readonly document: Document;
  private readonly scopeId: string | null;
  private readonly instance: Node;
  private readonly block: BlockDefinition;
  private readonly taken: Set<string>;

  constructor(
    document: Document,
    scopeId: string | null,
    instance: Node,
    block: BlockDefinition,
    taken: Set<string>,
  ) {
    this.document = document;
    this.scopeId = scopeId;
    this.instance = instance;
    this.block = block;
    this.taken = taken;
    const places = this.layerEntries().map(([id]) => this.place(id));
    this.left = Math.min(...places.map(({ x }) => x));
    this.top = Math.min(...places.map(({ y }) => y));
    this.width = Math.max(...places.map(({ x }) => x)) - this.left + COPY_GAP_PX;
  }

  private place(nodeId: string): Position {
    return lookup(this.document.view.positions, nodeId) ?? { x: 0, y: 0 };
  }

  private layerEntries(): [string, Node][] {
    return layersOf(this.block);
  }

  /** Of all copies beside each other. */
  size(repeats: number, { width_px, heightOf }: Spacing): { width: number; height: number } {
    const bottoms = this.layerEntries().map(([id, node]) => this.place(id).y + heightOf(node));
    if (bottoms.length === 0) return { width: 0, height: 0 };
    const width = repeats * this.width - COPY_GAP_PX + width_px;
    return { width, height: Math.max(...bottoms) - this.top };
  }

  copy(
    sources: ReadonlyMap<string, Endpoint>,
    origin: Position,
    repeat: number,
    ids: Ids,
  ): Copy {
    const operations: Operation[] = this.layerEntries().map(([id, node]) => {
      const name = uniqueName(node.name, this.taken);
      this.taken.add(name);
      const { x, y } = this.place(id);
      return {
        op: 'add_node',
        scope: this.scopeId,
        node_id: ids.get(id) ?? id,
        node: {
          ...renamedOwner(outOfBlock(this.block, this.instance, id, node), ids),
          name,
        },
        position: {
          x: origin.x + x - this.left + repeat * this.width,
          y: origin.y + y - this.top,
        },
      };
    });
    const outputs = new Map<string, Endpoint>();
    for (const edge of Object.values(this.block.edges)) {
      const source = this.resolveSource(edge.source, ids, sources);
      if (source === undefined) continue;
      const target = ids.get(edge.target.node);
      if (target !== undefined) {
        operations.push(connect(this.scopeId, source, { node: target, port: edge.target.port }));
      } else {
        outputs.set(lookup(this.block.nodes, edge.target.node)?.name ?? 'output', source);
      }
    }
    return { operations, nodeIds: [...ids.values()], outputs };
  }

  /** Lets one copy use the weights of another. */
  sharing(
    ids: ReadonlyMap<string, string>,
    first: ReadonlyMap<string, string>,
    hasWeights: (node: Node) => boolean,
  ): Operation[] {
    return this.layerEntries().flatMap(([id, node]): Operation[] => {
      const owner = first.get(weightsKey(this.block.nodes, id)) ?? first.get(id);
      const copied = ids.get(id);
      if (copied === undefined || owner === undefined || !hasWeights(node)) return [];
      return [setOwner(this.scopeId, copied, owner)];
    });
  }

  private resolveSource(
    source: Endpoint,
    ids: ReadonlyMap<string, string>,
    sources: ReadonlyMap<string, Endpoint>,
  ): Endpoint | undefined {
    const id = ids.get(source.node);
    if (id !== undefined) return { node: id, port: source.port };
    return sources.get(lookup(this.block.nodes, source.node)?.name ?? '');
  }
}
