/** Taking a block apart. */

import { withOverrides } from './asUsed';
import { connect } from './connect';
import type { BlockEditResult } from './groupBlock';
import { newId } from './ids';
import { namesOf, uniqueName } from './names';
import type { Operation } from './operations';
import { lookup } from './records';
import { roomInPlaceOf, type Spacing } from './room';
import { edgesInto, edgesOutOf, instancesOf, scopeOf } from './scope';
import {
  BLOCK_INPUT,
  BLOCK_OUTPUT,
  type BlockDefinition,
  type Document,
  type Endpoint,
  type Node,
  type Position,
} from './types';

/** Space between two copies of a repeated block. */
const COPY_GAP_PX = 240;
const MAX_COPIES = 64;

/** Replace an instance by what its block holds, once for each repeat. */
export function dissolveBlock(
  document: Document,
  scopeId: string | null,
  instanceId: string,
  spacing: Spacing,
): BlockEditResult {
  const scope = scopeOf(document, scopeId);
  const instance = lookup(scope.nodes, instanceId);
  const blockId = instance?.block ?? null;
  const block = blockId === null ? undefined : lookup(document.graph.blocks, blockId);
  if (instance === undefined || blockId === null || block === undefined) {
    return { refused: 'This is not a block.' };
  }
  const refused = dissolvingProblem(instance, block);
  if (refused !== null) return { refused };

  const entering = edgesInto(scope, instanceId);
  const leaving = edgesOutOf(scope, instanceId);
  const isLast = instancesOf(document, blockId).length === 1;
  const operations: Operation[] = [...entering, ...leaving].map(({ id }) => ({
    op: 'remove_edge',
    scope: scopeId,
    edge_id: id,
  }));
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
  for (let repeat = 0; repeat < instance.repeat; repeat += 1) {
    const copy = copier.copy(sources, origin, repeat, isLast && repeat === 0);
    operations.push(...copy.operations);
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
  return { operations, nodeIds };
}

function dissolvingProblem(instance: Node, block: BlockDefinition): string | null {
  if (instance.repeat === 1) return null;
  if (instance.weights === 'shared') {
    return 'Its repeats share their weights, which separate layers cannot. Set the repeat to 1 first.';
  }
  if (block.inputs.length !== 1 || block.outputs.length !== 1) {
    return 'Only a block with one input and one output can be repeated.';
  }
  return instance.repeat > MAX_COPIES
    ? `Its ${instance.repeat} repeats would make too many layers. Set the repeat to at most ${MAX_COPIES}.`
    : null;
}

interface Copy {
  readonly operations: readonly Operation[];
  readonly nodeIds: readonly string[];
  /** What leaves the copy, by the name of the block's output port. */
  readonly outputs: ReadonlyMap<string, Endpoint>;
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
    return Object.entries(this.block.nodes).filter(
      ([, node]) => node.type !== BLOCK_INPUT && node.type !== BLOCK_OUTPUT,
    );
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
    keepsIds: boolean,
  ): Copy {
    const ids = new Map(this.layerEntries().map(([id]) => [id, keepsIds ? id : newId()] as const));
    const operations: Operation[] = this.layerEntries().map(([id, node]) => {
      const name = uniqueName(node.name, this.taken);
      this.taken.add(name);
      const { x, y } = this.place(id);
      return {
        op: 'add_node',
        scope: this.scopeId,
        node_id: ids.get(id) ?? id,
        node: { ...withOverrides(this.block, this.instance, id, node), name },
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
