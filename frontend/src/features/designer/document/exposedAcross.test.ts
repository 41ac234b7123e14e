import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import { asUsed } from './asUsed';
import { dissolveBlock } from './dissolveBlock';
import { groupIntoBlock, type BlockEditResult } from './groupBlock';
import { moveAcross } from './moveScope';
import type { Operation } from './operations';
import { edge, portsFor, SPACING } from './testDocument';
import { emptyDocument, makeNode, type Document } from './types';

function edited(before: Document, edit: BlockEditResult | readonly Operation[]): Document {
  if ('refused' in edit) throw new Error(edit.refused);
  const operations = 'operations' in edit ? edit.operations : edit;
  const { document, inverses } = applyOperations(before, operations);
  expect(applyOperations(document, inverses).document).toEqual(before);
  return document;
}

/** A use `outer` of a block of a, b and c in a row; it sets what the block offers of a and b. */
function nested(): Document {
  const block = {
    name: 'Outer',
    nodes: {
      in: makeNode('BlockInput', 'x'),
      a: makeNode('Conv2d', 'a'),
      b: makeNode('Conv2d', 'b'),
      c: makeNode('Conv2d', 'c'),
      end: makeNode('BlockOutput', 'y'),
    },
    edges: { e1: edge('in', 'a'), e2: edge('a', 'b'), e3: edge('b', 'c'), e4: edge('c', 'end') },
    inputs: ['in'],
    outputs: ['end'],
    exposed: {
      width: { node: 'a', param: 'out_channels', also: [{ node: 'b', param: 'out_channels' }] },
    },
  };
  const overrides = { width: 7 };
  const outer = makeNode('Block', 'outer', { block: 'o', overrides });
  return edited(emptyDocument(), [
    { op: 'add_block', block_id: 'o', block, positions: {} },
    { op: 'add_node', scope: null, node_id: 'outer', node: outer, position: null },
  ]);
}

const widthOf = (document: Document, path: string): unknown =>
  asUsed(document, path)?.params['out_channels'];

function instanceIn(document: Document, scope: string): string {
  const nodes = Object.entries(document.graph.blocks[scope]?.nodes ?? {});
  return nodes.find(([, { type }]) => type === 'Block')?.[0] ?? '';
}

describe('what a block offers of layers in a block within it', () => {
  it('goes with them into the block that is made of them, and comes back', () => {
    const grouped = edited(nested(), groupIntoBlock(nested(), 'o', ['b'], 'Inner', portsFor(nested())));
    const inner = instanceIn(grouped, 'o');
    expect(widthOf(grouped, 'outer/a')).toBe(7);
    expect(widthOf(grouped, `outer/${inner}/b`)).toBe(7);
    const again = edited(grouped, dissolveBlock(grouped, 'o', inner, SPACING, () => true));
    expect(again.graph.blocks['o']?.exposed).toEqual(nested().graph.blocks['o']?.exposed);
  });

  it('follows layers that are moved in and out', () => {
    const start = edited(nested(), groupIntoBlock(nested(), 'o', ['c'], 'Inner', portsFor(nested())));
    const inner = instanceIn(start, 'o');
    const border = { scopeId: 'o', instanceId: inner };
    const at = { b: { x: 0, y: 0 } };
    const within = edited(start, moveAcross(start, border, 'in', at));
    expect([widthOf(within, 'outer/a'), widthOf(within, `outer/${inner}/b`)]).toEqual([7, 7]);
    const out = edited(within, moveAcross(within, border, 'out', at));
    expect([widthOf(out, 'outer/a'), widthOf(out, 'outer/b')]).toEqual([7, 7]);
    expect(out.graph.blocks['o']?.exposed).toEqual(nested().graph.blocks['o']?.exposed);
  });
});

describe('layers that come out of a block', () => {
  const set = { op: 'set_attribute', scope: null, node_id: 'outer' } as const;

  it('stay frozen as the block was', () => {
    const frozen = edited(nested(), [{ ...set, attribute: 'is_frozen', value: true }]);
    const out = edited(frozen, dissolveBlock(frozen, null, 'outer', SPACING, () => true));
    expect(out.graph.nodes['a']?.is_frozen).toBe(true);
    const border = { scopeId: null, instanceId: 'outer' };
    const moved = edited(frozen, moveAcross(frozen, border, 'out', { a: { x: 0, y: 0 } }));
    expect(moved.graph.nodes['a']?.is_frozen).toBe(true);
  });

  it('say in their ids where they were, so that their weights are found', () => {
    const twice = edited(nested(), [{ ...set, attribute: 'repeat', value: 2 }]);
    const out = edited(twice, dissolveBlock(twice, null, 'outer', SPACING, () => true));
    expect(Object.keys(out.graph.nodes)).toEqual([
      'a', 'b', 'c', 'outer-1-a', 'outer-1-b', 'outer-1-c',
    ]); // prettier-ignore
  });
});
