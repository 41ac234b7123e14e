import { expect, it } from 'vitest';
import { applyOperations } from './apply';
import { dissolveBlock } from './dissolveBlock';
import { groupIntoBlock, type BlockEditResult } from './groupBlock';
import { moveAcross } from './moveScope';
import type { Operation } from './operations';
import { scopeOf } from './scope';
import { divide, sharersOf, sharingOf, shareWith } from './sharing';
import { edge, portsFor, SPACING } from './testDocument';
import { emptyDocument, makeNode, targetsOf, type Document, type Node } from './types';

/** Numbers that are the same in every run. */
class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed * 7919 + 1;
  }

  below(count: number): number {
    this.state = (this.state * 1103515245 + 12345) % 2147483648;
    return Math.floor((this.state / 2147483648) * count);
  }

  pick<T>(values: readonly T[]): T | undefined {
    return values[this.below(values.length)];
  }

  /** Some neighbours. */
  run<T>(values: readonly T[]): T[] {
    const start = this.below(values.length);
    return values.slice(start, start + 1 + this.below(3));
  }
}

/** image -> n0 -> ... -> out, with a shortcut to every addition. */
function start(dice: Dice): Document {
  const types = Array.from({ length: 8 }, () => dice.pick(['Conv2d', 'Conv2d', 'ReLU', 'Add']) ?? '');
  const ids = ['image', ...types.map((_, index) => `n${index}`), 'out'];
  const nodes = ['ImageInput', ...types, 'Output'].map((type, index) => makeNode(type, ids[index] ?? ''));
  const edges = ids.slice(1).flatMap((id, index) => {
    const before = edge(ids[index] ?? '', id, nodes[index + 1]?.type === 'Add' ? 'input_1' : 'input');
    const shortcut = edge(ids[dice.below(index + 1)] ?? '', id, 'input_2');
    return nodes[index + 1]?.type === 'Add' ? [before, shortcut] : [before];
  });
  return applyOperations(emptyDocument(), [
    ...nodes.map((node, index): Operation => ({
      op: 'add_node', scope: null, node_id: ids[index] ?? '', node, position: { x: index * 240, y: 0 },
    })),
    ...edges.map((each, index): Operation => ({
      op: 'add_edge', scope: null, edge_id: `e${index}`, edge: each,
    })),
  ]).document; // prettier-ignore
}

const isLayer = ({ type }: Node): boolean => !/Input$|Output$/.test(type);

const KINDS = ['group', 'group', 'in', 'out', 'dissolve', 'share', 'divide', 'expose'] as const;

function anyEdit(document: Document, dice: Dice): BlockEditResult {
  const scope = dice.pick([null, ...Object.keys(document.graph.blocks)]) ?? null;
  const { nodes } = scopeOf(document, scope);
  const layers = Object.keys(nodes).filter((id) => nodes[id] !== undefined && isLayer(nodes[id]));
  const together = (ids: readonly string[], among: typeof nodes): string[] => [
    ...new Set(ids.flatMap((id) => sharersOf(among, id))),
  ];
  const some = dice.run(layers);
  const block = dice.pick(layers.filter((id) => nodes[id]?.type === 'Block')) ?? '';
  const within = scopeOf(document, nodes[block]?.block ?? '').nodes;
  const border = { scopeId: scope, instanceId: block };
  const places = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, { x: 0, y: 0 }]));
  const done = (operations: readonly Operation[]): BlockEditResult => ({ operations, nodeIds: [] });
  switch (dice.pick(KINDS) ?? 'expose') {
    case 'group':
      return groupIntoBlock(document, scope, together(some, nodes), 'Part', portsFor(document));
    case 'in':
      return moveAcross(document, border, 'in', places(together(some, nodes)));
    case 'out':
      return moveAcross(document, border, 'out', places(together(dice.run(Object.keys(within)), within)));
    case 'dissolve':
      return dissolveBlock(document, scope, block, SPACING, isLayer);
    case 'share': {
      const convolutions = layers.filter((id) => nodes[id]?.type === 'Conv2d');
      return done(shareWith(nodes, scope, dice.run(convolutions), dice.pick(convolutions) ?? ''));
    }
    case 'divide':
      return done(divide(nodes, scope, some));
    case 'expose': {
      const offered = scope === null ? undefined : document.graph.blocks[scope];
      const [node = ''] = some;
      if (scope === null || offered === undefined) return done([]);
      const exposed = { ...offered.exposed, [`of_${node}`]: { node, param: 'dilation' } };
      const { name, inputs, outputs } = offered;
      return done([{ op: 'set_block', block_id: scope, name, inputs, outputs, exposed }]);
    }
  }
}

/** Layers of all scopes, by name, with whom they share. */
function layersOf({ graph }: Document): string[] {
  return [graph.nodes, ...Object.values(graph.blocks).map(({ nodes }) => nodes)].flatMap((nodes) =>
    Object.values(nodes).flatMap((node) =>
      isLayer(node) && node.type !== 'Block' ? [node.name.replace(/_\d+$/, '')] : [],
    ),
  );
}

function expectWhole({ graph }: Document): void {
  for (const scope of [graph, ...Object.values(graph.blocks)]) {
    const taken = Object.values(scope.edges).map(({ target }) => `${target.node}:${target.port}`);
    expect(new Set(taken).size).toBe(taken.length);
    for (const { source, target } of Object.values(scope.edges)) {
      expect(scope.nodes).toHaveProperty(source.node);
      expect(scope.nodes).toHaveProperty(target.node);
    }
    const named = Object.values(scope.nodes).map(({ name }) => name);
    expect(new Set(named).size).toBe(named.length);
    for (const [key, group] of sharingOf(scope.nodes).groups) {
      expect([key, group.every((id) => Object.hasOwn(scope.nodes, id))]).toEqual([key, true]);
    }
  }
  for (const { nodes, inputs, outputs, exposed } of Object.values(graph.blocks)) {
    for (const port of [...inputs, ...outputs]) expect(nodes).toHaveProperty(port);
    for (const { node, param } of Object.values(exposed).flatMap(targetsOf)) {
      const inner = nodes[node]?.block == null ? undefined : graph.blocks[nodes[node].block];
      if (inner === undefined) expect(nodes).toHaveProperty(node);
      else if (param !== 'dilation') expect(inner.exposed).toHaveProperty(param);
    }
  }
}

it('regrouping and sharing at random apply, are undone and lose no layer', () => {
  let applied = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const dice = new Dice(seed);
    let document = start(dice);
    const layers = layersOf(document).sort();
    for (let step = 0; step < 15; step += 1) {
      const edit = anyEdit(document, dice);
      if ('refused' in edit) continue;
      const next = applyOperations(document, edit.operations);
      expect(applyOperations(next.document, next.inverses).document).toEqual(document);
      document = next.document;
      expectWhole(document);
      expect(layersOf(document).sort()).toEqual(layers);
      applied += 1;
    }
  }
  expect(applied).toBeGreaterThan(150);
});
