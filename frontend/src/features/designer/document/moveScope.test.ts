import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import { groupIntoBlock } from './groupBlock';
import { moveAcross, type Border } from './moveScope';
import type { Operation } from './operations';
import { parseOperations } from './parse';
import { edge, portsFor, wiring } from './testDocument';
import { emptyDocument, makeNode, type Document } from './types';

/** image -> a -> b -> c -> d -> out. */
function chain(): Document {
  const types: Record<string, string> = { image: 'ImageInput', out: 'Output' };
  const ids = ['image', 'a', 'b', 'c', 'd', 'out'];
  const { document } = applyOperations(emptyDocument(), [
    ...ids.map((id, index) => ({
      op: 'add_node' as const,
      scope: null,
      node_id: id,
      node: makeNode(types[id] ?? 'ReLU', id),
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

function grouped(before: Document, ids: readonly string[]): { document: Document; border: Border } {
  const edit = groupIntoBlock(before, null, ids, 'Stage', portsFor(before));
  if ('refused' in edit) throw new Error(edit.refused);
  const [instanceId = ''] = edit.nodeIds;
  return { document: edited(before, edit.operations), border: { scopeId: null, instanceId } };
}

function moved(
  { document, border }: { document: Document; border: Border },
  direction: 'in' | 'out',
  ids: readonly string[],
): Document {
  const positions = Object.fromEntries(ids.map((id) => [id, { x: 0, y: 400 }]));
  const edit = moveAcross(document, border, direction, positions);
  if ('refused' in edit) throw new Error(edit.refused);
  // What the server reads is all there is.
  expect(parseOperations(structuredClone(edit.operations))).toEqual(edit.operations);
  return edited(document, edit.operations);
}

const inside = (document: Document): string[] =>
  wiring(document, Object.keys(document.graph.blocks)[0] ?? '');

describe('moving layers across the border of a block', () => {
  const start = () => grouped(chain(), ['b', 'c']);

  it('takes in what stands before or behind it, through the ports that are there', () => {
    const before = moved(start(), 'in', ['a']);
    expect(inside(before)).toEqual(['a>b.input', 'b>c.input', 'c>output.input', 'input>a.input']);
    expect(wiring(before)).toEqual(['d>out.input', 'image>stage.input', 'stage>d.input']);
    const behind = moved(start(), 'in', ['d']);
    expect(inside(behind)).toEqual(['b>c.input', 'c>d.input', 'd>output.input', 'input>b.input']);
    expect(wiring(behind)).toEqual(['a>stage.input', 'image>a.input', 'stage>out.input']);
    expect(before.view.positions['a']).toEqual({ x: 0, y: 400 });
  });

  it('lets out what stands at its border, and is undone by moving it back', () => {
    const { document, border } = start();
    const out = moved({ document, border }, 'out', ['b']);
    expect(inside(out)).toEqual(['c>output.input', 'input>c.input']);
    expect(wiring(out)).toEqual([
      'a>b.input', 'b>stage.input', 'd>out.input', 'image>a.input', 'stage>d.input',
    ]); // prettier-ignore
    const back = moved({ document: out, border }, 'in', ['b']);
    expect([wiring(back), inside(back)]).toEqual([wiring(document), inside(document)]);
  });

  it('makes ports for a branch, and takes away those that nothing needs any more', () => {
    const { document, border } = start();
    const add = makeNode('Add', 'add');
    const branched = edited(document, [
      { op: 'add_node', scope: null, node_id: 'add', node: add, position: null },
      { op: 'remove_edge', scope: null, edge_id: edgeInto(document, 'out') },
      { op: 'add_edge', scope: null, edge_id: 'n1', edge: edge('d', 'add', 'input_1') },
      { op: 'add_edge', scope: null, edge_id: 'n2', edge: edge('a', 'add', 'input_2') },
      { op: 'add_edge', scope: null, edge_id: 'n3', edge: edge('add', 'out') },
    ]);
    const taken = moved({ document: branched, border }, 'in', ['a', 'd']);
    expect(wiring(taken)).toEqual([
      'add>out.input', 'image>stage.input', 'stage>add.input_1', 'stage>add.input_2',
    ]); // prettier-ignore
    const [block] = Object.values(taken.graph.blocks);
    expect(block?.outputs).toHaveLength(2);
    const whole = moved({ document: taken, border }, 'in', ['add']);
    expect(Object.values(whole.graph.blocks)[0]?.outputs).toHaveLength(1);
    expect(wiring(whole)).toEqual(['image>stage.input', 'stage>out.input']);
  });

  it('carries what the use sets, and keeps no name of what has left', () => {
    const { document, border } = start();
    const [blockId = ''] = Object.keys(document.graph.blocks);
    const block = document.graph.blocks[blockId];
    if (block === undefined) throw new Error('There is no block.');
    const slope = { node: 'b', param: 'slope' };
    const exposing = edited(document, [
      { op: 'set_block', block_id: blockId, ...pick(block), exposed: { slope } },
      {
        op: 'set_attribute',
        scope: null,
        node_id: border.instanceId,
        attribute: 'overrides',
        value: { slope: 3 },
      },
    ]);
    const out = moved({ document: exposing, border }, 'out', ['b']);
    expect(out.graph.nodes['b']?.params).toEqual({ slope: 3 });
    expect(out.graph.nodes[border.instanceId]?.overrides).toEqual({});
    expect(Object.values(out.graph.blocks)[0]?.exposed).toEqual({});
  });

  it('leaves ports alone that nothing is connected to', () => {
    const { document, border } = start();
    const open = edited(document, [
      { op: 'remove_edge', scope: null, edge_id: edgeInto(document, 'd') },
    ]);
    const taken = moved({ document: open, border }, 'in', ['a']);
    expect(inside(taken)).toContain('c>output.input');
    expect(Object.values(taken.graph.blocks)[0]?.outputs).toHaveLength(1);
  });

  it('says why it cannot be', () => {
    const { document, border } = start();
    const why = (before: Document, direction: 'in' | 'out', ...ids: string[]): string => {
      const places = Object.fromEntries(ids.map((id) => [id, { x: 0, y: 0 }]));
      const edit = moveAcross(before, border, direction, places);
      return 'refused' in edit ? edit.refused : '';
    };
    expect(why(document, 'in', 'image')).toContain('Inputs and outputs stay');
    expect(why(document, 'out', 'b', 'c')).toContain('Dissolve it instead');
    const three = grouped(chain(), ['a', 'b', 'c']);
    const middle = moveAcross(three.document, three.border, 'out', { b: { x: 0, y: 0 } });
    expect(middle).toHaveProperty('refused', expect.stringContaining('and come back'));
    const far = grouped(chain(), ['a', 'b']);
    const distant = moveAcross(far.document, far.border, 'in', { d: { x: 0, y: 0 } });
    expect(distant).toHaveProperty('refused', expect.stringContaining('and come back'));
    const set = { op: 'set_attribute', scope: null, node_id: border.instanceId } as const;
    const often = edited(document, [{ ...set, attribute: 'repeat', value: 2 }]);
    expect(why(often, 'in', 'a')).toContain('is applied 2 times');
    const twice = edited(document, [
      {
        op: 'add_node',
        scope: null,
        node_id: 'again',
        node: makeNode('Block', 'again', { block: Object.keys(document.graph.blocks)[0] ?? '' }),
        position: null,
      },
    ]);
    expect(why(twice, 'in', 'a')).toContain('is used 2 times');
  });
});

const pick = ({ name, inputs, outputs }: { name: string; inputs: readonly string[]; outputs: readonly string[] }) => ({
  name, inputs, outputs,
}); // prettier-ignore

function edgeInto({ graph }: Document, nodeId: string): string {
  return Object.entries(graph.edges).find(([, { target }]) => target.node === nodeId)?.[0] ?? '';
}
