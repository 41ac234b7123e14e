import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import type { BlockSet } from './copyBlocks';
import { dissolveBlock } from './dissolveBlock';
import { concealParam, exposeParam, renameExposed } from './expose';
import { placeBlock } from './libraryBlock';
import { SPACING } from './testDocument';
import {
  BLOCK,
  emptyDocument,
  makeNode,
  targetsOf,
  type BlockDefinition,
  type Document,
  type Params,
} from './types';

function convBlock(prefix: string, name: string, inner?: string): BlockDefinition {
  const end = (node: string, port: string) => ({ node: `${prefix}${node}`, port });
  const conv =
    inner === undefined
      ? makeNode('Conv2d', 'conv', { params: { out_channels: 8, kernel_size: 3 } })
      : makeNode(BLOCK, 'conv', { block: inner });
  const width = inner === undefined ? 'out_channels' : 'filters';
  return {
    name,
    nodes: {
      [`${prefix}in`]: makeNode('BlockInput', 'input'),
      [`${prefix}conv`]: conv,
      [`${prefix}conv2`]: { ...conv, name: 'conv_2' },
      [`${prefix}out`]: makeNode('BlockOutput', 'output'),
    },
    edges: {
      [`${prefix}1`]: { source: end('in', 'output'), target: end('conv', 'input') },
      [`${prefix}2`]: { source: end('conv', 'output'), target: end('conv2', 'input') },
      [`${prefix}3`]: { source: end('conv2', 'output'), target: end('out', 'input') },
    },
    inputs: [`${prefix}in`],
    outputs: [`${prefix}out`],
    exposed: {
      filters: {
        node: `${prefix}conv`,
        param: width,
        also: [{ node: `${prefix}conv2`, param: width }],
      },
    },
  };
}

const NESTED: BlockSet = {
  blocks: { outer: convBlock('o', 'Outer', 'inner'), inner: convBlock('i', 'Inner') },
  positions: { oin: { x: 1, y: 2 } },
};

function insert(document: Document, overrides: Params = {}): { document: Document; node: string } {
  const { blockId, operations } = placeBlock(document, null, NESTED, 'outer');
  const node = `use${Object.keys(document.graph.nodes).length}`;
  const instance = makeNode(BLOCK, node, { block: blockId, overrides });
  const added = applyOperations(document, [
    ...operations,
    { op: 'add_node', scope: null, node_id: node, node: instance, position: { x: 0, y: 0 } },
  ]);
  return { document: added.document, node };
}

describe('a block of the library', () => {
  it('is used again when it is inserted again, with all that is within it', () => {
    const once = insert(emptyDocument()).document;
    const { document, node } = insert(once);
    expect(Object.keys(document.graph.blocks)).toHaveLength(2);
    expect(document.graph.nodes[node]?.block).toBe(once.graph.nodes.use0?.block);
    expect(document.graph.nodes[node]?.block).not.toBe('outer');
  });

  it('comes as a fresh copy under a free name once it was edited', () => {
    const once = insert(emptyDocument()).document;
    const [innerId, inner] =
      Object.entries(once.graph.blocks).find(([, block]) => block.name === 'Inner') ?? [];
    const conv = Object.keys(inner?.nodes ?? {}).find((id) => inner?.nodes[id]?.name === 'conv');
    const edited = applyOperations(once, [
      {
        op: 'set_param',
        scope: innerId ?? '',
        node_id: conv ?? '',
        param: 'kernel_size',
        is_set: true,
        value: 5,
      },
    ]).document;
    const twice = insert(edited).document;
    const names = Object.values(twice.graph.blocks).map(({ name }) => name);
    expect(names.sort()).toEqual(['Inner', 'Inner_2', 'Outer', 'Outer_2']);
    expect(Object.keys(insert(twice).document.graph.blocks)).toHaveLength(4);
  });

  it('is used again after it was only renamed', () => {
    const once = insert(emptyDocument()).document;
    const [id, block] =
      Object.entries(once.graph.blocks).find(([, { name }]) => name === 'Outer') ?? [];
    if (id === undefined || block === undefined) throw new Error('not inserted');
    const { inputs, outputs, exposed } = block;
    const renamed = applyOperations(once, [
      { op: 'set_block', block_id: id, name: 'Mine', inputs, outputs, exposed },
    ]).document;
    expect(Object.keys(insert(renamed).document.graph.blocks)).toHaveLength(2);
  });

  it('gives its values to the blocks within it when it is dissolved', () => {
    const { document, node } = insert(emptyDocument(), { filters: 32 });
    const edit = dissolveBlock(document, null, node, SPACING, () => true);
    if ('refused' in edit) throw new Error(edit.refused);
    const { graph } = applyOperations(document, edit.operations).document;
    const nodes = Object.values(graph.nodes);
    expect(nodes.map(({ overrides }) => overrides)).toEqual([{ filters: 32 }, { filters: 32 }]);
    expect(nodes.every(({ params }) => Object.keys(params).length === 0)).toBe(true);
  });
});

describe('settings of a block', () => {
  const start = (): { document: Document; outer: string; inner: string; instance: string } => {
    const { document, node } = insert(emptyDocument(), { filters: 32 });
    const outer = document.graph.nodes[node]?.block ?? '';
    const inside = Object.values(document.graph.blocks[outer]?.nodes ?? {});
    const inner = inside.find(({ type }) => type === BLOCK)?.block ?? '';
    return { document, outer, inner, instance: node };
  };

  it('are renamed with what instances set and what lies around them', () => {
    const { document, outer, inner, instance } = start();
    const first = applyOperations(document, renameExposed(document, outer, 'filters', 'width'));
    expect(first.document.graph.nodes[instance]?.overrides).toEqual({ width: 32 });
    const second = applyOperations(
      first.document,
      renameExposed(first.document, inner, 'filters', 'channels'),
    ).document;
    const filters = second.graph.blocks[outer]?.exposed.width;
    const params = filters && targetsOf(filters).map(({ param }) => param);
    expect(params).toEqual(['channels', 'channels']);
  });

  it('go one place at a time, and with the last one what instances set', () => {
    const { document, outer, instance } = start();
    const targets = Object.values(document.graph.blocks[outer]?.exposed ?? {}).flatMap(targetsOf);
    const [one, other] = targets;
    if (one === undefined || other === undefined) throw new Error('nothing is offered');
    const less = applyOperations(document, concealParam(document, outer, one)).document;
    expect(less.graph.nodes[instance]?.overrides).toEqual({ filters: 32 });
    const none = applyOperations(less, concealParam(less, outer, other)).document;
    expect(none.graph.blocks[outer]?.exposed).toEqual({});
    expect(none.graph.nodes[instance]?.overrides).toEqual({});
    const again = applyOperations(none, exposeParam(none, outer, one, 'filters'));
    const both = applyOperations(
      again.document,
      exposeParam(again.document, outer, other, 'filters'),
    ).document;
    expect(both.graph.blocks[outer]?.exposed).toEqual(document.graph.blocks[outer]?.exposed);
  });
});
