import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import { copyNodes, parseClip, clipText, pasteClip } from './clipboard';
import { dissolveBlock } from './dissolveBlock';
import { groupIntoBlock } from './groupBlock';
import type { Operation } from './operations';
import { removeSelected } from './remove';
import { divide, holderOf, namesOfSharers, sharersOf, sharingOf, shareWith } from './sharing';
import { edge, portsFor, SPACING } from './testDocument';
import { emptyDocument, makeNode, type Document, type Nodes } from './types';

const named = (owners: Record<string, string>): Nodes =>
  Object.fromEntries(
    Object.entries(owners).map(([id, owner]) => [
      id,
      makeNode('Conv2d', id, owner === '' ? {} : { weights_of: owner }),
    ]),
  );

/** image -> a -> b -> c, where b and c use the weights of a. */
function tied(owners: Record<string, string> = { a: '', b: 'a', c: 'a' }): Document {
  const nodes = { image: makeNode('ImageInput', 'image'), ...named(owners) };
  const ids = Object.keys(nodes);
  const { document } = applyOperations(emptyDocument(), [
    ...Object.entries(nodes).map(([node_id, node], index) => ({
      op: 'add_node' as const,
      scope: null,
      node_id,
      node,
      position: { x: index * 240, y: 0 },
    })),
    ...ids.slice(1).map((id, index) => ({
      op: 'add_edge' as const,
      scope: null,
      edge_id: `e${index}`,
      edge: edge(ids[index] ?? '', id),
    })),
  ]);
  return document;
}

function edited(before: Document, operations: readonly Operation[]): Document {
  const { document, inverses } = applyOperations(before, operations);
  expect(applyOperations(document, inverses).document).toEqual(before);
  return document;
}

const ownersOf = ({ graph }: Document): Record<string, string> =>
  Object.fromEntries(
    Object.values(graph.nodes).flatMap(({ name, weights_of: owner }) =>
      owner === undefined ? [] : [[name, graph.nodes[owner]?.name ?? owner]],
    ),
  );

describe('who uses the same weights', () => {
  it('follows names to one set, by way of others, gone ones and circles', () => {
    const nodes = named({ a: 'b', b: 'c', c: '', d: 'gone', e: 'gone', f: '', x: 'y', y: 'x' });
    expect(sharersOf(nodes, 'a')).toEqual(['a', 'b', 'c']);
    expect(holderOf(nodes, 'a')).toBe('c');
    expect(sharersOf(nodes, 'd')).toEqual(['d', 'e']);
    expect(holderOf(nodes, 'e')).toBe('d');
    expect(sharersOf(nodes, 'x')).toEqual(['x', 'y']);
    expect(sharersOf(nodes, 'f')).toEqual(['f']);
    expect(sharingOf(nodes).keys.get('y')).toBe('x');
    expect(namesOfSharers(nodes, 'b')).toEqual(['a', 'c']);
  });

  it('lets layers join a set, and whoever shares with them comes along', () => {
    const before = tied({ a: '', b: '', c: 'b' });
    const after = edited(before, shareWith(before.graph.nodes, null, ['b'], 'a'));
    expect(sharersOf(after.graph.nodes, 'c')).toEqual(['a', 'b', 'c']);
    expect(shareWith(after.graph.nodes, null, ['c'], 'a')).toEqual([]);
  });

  it('divides: the one that leaves, or those that stay under another name', () => {
    const { nodes } = tied().graph;
    expect(ownersOf(edited(tied(), divide(nodes, null, ['b'])))).toEqual({ c: 'a' });
    expect(ownersOf(edited(tied(), divide(nodes, null, ['a'])))).toEqual({ c: 'b' });
    expect(ownersOf(edited(tied(), divide(nodes, null, ['a', 'b'])))).toEqual({});
  });
});

describe('edits of layers that share weights', () => {
  it('leaves the others sharing when one is deleted', () => {
    const before = tied();
    const after = edited(before, removeSelected(before, null, { nodeIds: ['a'], edgeIds: [] }));
    expect(ownersOf(after)).toEqual({ c: 'b' });
    const last = edited(after, removeSelected(after, null, { nodeIds: ['b'], edgeIds: [] }));
    expect(ownersOf(last)).toEqual({});
  });

  it('lets copies share with the layers beside them, and with each other elsewhere', () => {
    const before = tied();
    const clip = parseClip(clipText(copyNodes(before, null, ['b', 'c'])));
    const here = pasteClip(before, null, clip, { x: 0, y: 0 });
    const elsewhere = pasteClip(emptyDocument(), null, clip, { x: 0, y: 0 });
    const all = pasteClip(before, null, copyNodes(before, null, ['a', 'b']), { x: 0, y: 0 });
    if ('refused' in here || 'refused' in elsewhere || 'refused' in all) throw new Error('refused');
    expect(ownersOf(edited(before, here.operations))).toEqual({
      b: 'a', c: 'a', b_2: 'a', c_2: 'a',
    }); // prettier-ignore
    const pasted = edited(emptyDocument(), elsewhere.operations);
    expect(sharersOf(pasted.graph.nodes, elsewhere.nodeIds[0] ?? '')).toHaveLength(2);
    expect(ownersOf(edited(before, all.operations))).toEqual({ b: 'a', c: 'a', b_2: 'a_2' });
    const alone = pasteClip(emptyDocument(), null, copyNodes(before, null, ['b']), { x: 0, y: 0 });
    if ('refused' in alone) throw new Error(alone.refused);
    expect(ownersOf(edited(emptyDocument(), alone.operations))).toEqual({});
  });

  it('makes a block of all of them, and of no part', () => {
    const before = tied();
    const part = groupIntoBlock(before, null, ['b', 'c'], 'Block', portsFor(before));
    expect(part).toHaveProperty('refused');
    if ('refused' in part) expect(part.refused).toContain('shares its weights with a');
    const whole = groupIntoBlock(before, null, ['a', 'b', 'c'], 'Block', portsFor(before));
    if ('refused' in whole) throw new Error(whole.refused);
    const after = edited(before, whole.operations);
    const [block] = Object.values(after.graph.blocks);
    expect(sharersOf(block?.nodes ?? {}, 'b')).toEqual(['a', 'b', 'c']);
    const [instance = ''] = whole.nodeIds;
    const back = dissolveBlock(after, null, instance, SPACING, () => true);
    if ('refused' in back) throw new Error(back.refused);
    expect(ownersOf(edited(after, back.operations))).toEqual({ b: 'a', c: 'a' });
  });

  it('dissolves repeats that share into layers that share', () => {
    const before = tied({ a: '', b: '' });
    const made = groupIntoBlock(before, null, ['a', 'b'], 'Block', portsFor(before));
    if ('refused' in made) throw new Error(made.refused);
    const [instance = ''] = made.nodeIds;
    const set = { op: 'set_attribute', scope: null, node_id: instance } as const;
    const repeated = edited(edited(before, made.operations), [
      { ...set, attribute: 'repeat', value: 3 },
      { ...set, attribute: 'weights', value: 'shared' },
    ]);
    const edit = dissolveBlock(repeated, null, instance, SPACING, ({ name }) => name === 'a');
    if ('refused' in edit) throw new Error(edit.refused);
    expect(ownersOf(edited(repeated, edit.operations))).toEqual({ a_2: 'a', a_3: 'a' });
  });

  it('does not take one of several blocks apart that share', () => {
    const before = tied({ a: '' });
    const made = groupIntoBlock(before, null, ['a'], 'Block', portsFor(before));
    if ('refused' in made) throw new Error(made.refused);
    const grouped = edited(before, made.operations);
    const [instance = ''] = made.nodeIds;
    const second = makeNode('Block', 'again', {
      block: grouped.graph.nodes[instance]?.block ?? null,
      weights_of: instance,
    });
    const two = edited(grouped, [
      { op: 'add_node', scope: null, node_id: 'again', node: second, position: null },
    ]);
    expect(dissolveBlock(two, null, instance, SPACING, () => true)).toHaveProperty('refused');
  });
});
