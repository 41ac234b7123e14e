import { describe, expect, it } from 'vitest';
import { align, distribute, layOutQuickly } from './arrange';
import { applyOperations, tryOperations } from './apply';
import { clipText, copyNodes, parseClip, pasteClip } from './clipboard';
import { connectionProblem, planConnection } from './connect';
import { dissolveBlock } from './dissolveBlock';
import { groupIntoBlock } from './groupBlock';
import { insertOnEdge, insertNode } from './insert';
import { baseName, nameProblem, uniqueName } from './names';
import type { Operation } from './operations';
import { removeSelected } from './remove';
import { renameNode } from './rename';
import { withRoom } from './room';
import { edge, portsFor, residual, SPACING, wiring } from './testDocument';
import { emptyDocument, makeNode, type Document } from './types';

/** Apply, and check that the inverses lead back to the very same content. */
function edited(before: Document, operations: readonly Operation[]): Document {
  const { document, inverses } = applyOperations(before, operations);
  expect(applyOperations(document, inverses).document).toEqual(before);
  return document;
}

describe('removeSelected', () => {
  it('bridges a layer with one way in and one way out', () => {
    const before = residual();
    const after = edited(before, removeSelected(before, null, { nodeIds: ['relu'], edgeIds: [] }));
    expect(wiring(after)).toEqual([
      'add>output.input',
      'conv>add.input_1',
      'conv>add.input_2',
      'image>conv.input',
    ]);
  });

  it('bridges a fan-out to every target', () => {
    const before = residual();
    const after = edited(before, removeSelected(before, null, { nodeIds: ['conv'], edgeIds: [] }));
    expect(wiring(after)).toContain('image>relu.input');
    expect(wiring(after)).toContain('image>add.input_2');
  });

  it('does not guess when several tensors arrive', () => {
    const before = residual();
    const after = edited(before, removeSelected(before, null, { nodeIds: ['add'], edgeIds: [] }));
    expect(wiring(after)).toEqual(['conv>relu.input', 'image>conv.input']);
  });

  it('does not bridge what was cut on purpose', () => {
    const before = residual();
    const operations = removeSelected(before, null, { nodeIds: ['relu'], edgeIds: ['e2'] });
    expect(wiring(edited(before, operations))).not.toContain('conv>add.input_1');
  });
});

describe('planConnection', () => {
  const out = (node: string) => ({ node, port: 'output' });
  const into = (node: string, port = 'input') => ({ node, port });

  it('replaces what fed the input, as one step that can be taken back', () => {
    const before = residual();
    const plan = planConnection(before, null, out('conv'), into('out'), portsFor(before));
    if ('refused' in plan) throw new Error(plan.refused);
    expect(plan.replaced).toBe('add');
    const after = edited(before, plan.operations);
    expect(wiring(after)).toContain('conv>output.input');
    expect(wiring(after)).not.toContain('add>output.input');
  });

  it('still refuses a cycle, and what is connected already', () => {
    const before = residual();
    const cycle = planConnection(before, null, out('add'), into('conv'), portsFor(before));
    expect(cycle).toHaveProperty('refused', expect.stringContaining('cycle'));
    const again = planConnection(before, null, out('add'), into('out'), portsFor(before));
    expect(again).toHaveProperty('refused', 'add already feeds this input.');
  });
});

describe('connectionProblem', () => {
  const document = residual();
  const problem = (source: string, target: string, port = 'input'): string | null =>
    connectionProblem(
      document,
      null,
      { node: source, port: 'output' },
      { node: target, port },
      portsFor(document),
    );

  it('names a taken port, a cycle and a layer that feeds itself', () => {
    expect(problem('image', 'relu')).toContain('conv already feeds this one');
    expect(problem('relu', 'relu')).toContain('cannot feed itself');
    const cut = applyOperations(document, [{ op: 'remove_edge', scope: null, edge_id: 'e1' }]);
    expect(
      connectionProblem(
        cut.document,
        null,
        { node: 'add', port: 'output' },
        { node: 'conv', port: 'input' },
        portsFor(cut.document),
      ),
    ).toContain('close a cycle: conv already leads to add');
  });

  it('accepts a free input', () => {
    const cut = applyOperations(document, [{ op: 'remove_edge', scope: null, edge_id: 'e4' }]);
    const target = { node: 'add', port: 'input_2' };
    const source = { node: 'image', port: 'output' };
    expect(
      connectionProblem(cut.document, null, source, target, portsFor(cut.document)),
    ).toBeNull();
  });
});

describe('insertOnEdge', () => {
  it('joins both ends and moves what follows out of the way', () => {
    const before = residual();
    const wanted = makeNode('BatchNorm2d', 'relu');
    const insertion = insertOnEdge(before, null, 'e2', wanted, portsFor(before), SPACING);
    expect(insertion).not.toBeNull();
    const after = edited(before, insertion!.operations);
    expect(after.graph.nodes[insertion!.nodeId]?.name).toBe('relu_2');
    expect(wiring(after)).toContain('conv>relu_2.input');
    expect(wiring(after)).toContain('relu_2>relu.input');
    expect(after.view.positions[insertion!.nodeId]).toEqual({ x: 480, y: 0 });
    expect(after.view.positions['relu']).toEqual({ x: 720, y: 0 });
    expect(after.view.positions['conv']).toEqual({ x: 240, y: 0 });
  });
});

describe('withRoom', () => {
  const repair = (types: readonly string[]): Operation[] => [
    { op: 'remove_edge', scope: null, edge_id: 'e5' },
    ...types.map((type): Operation => ({
      op: 'add_node',
      scope: null,
      node_id: type,
      node: makeNode(type, type.toLowerCase()),
      position: { x: 1080, y: 0 },
    })),
    { op: 'add_edge', scope: null, edge_id: 'n1', edge: edge('add', 'Flatten') },
    { op: 'add_edge', scope: null, edge_id: 'n2', edge: edge(types.at(-1) ?? '', 'out') },
  ];

  it('puts what a repair inserts into a gap of its own', () => {
    const before = residual();
    const { positions } = edited(before, withRoom(before, repair(['Flatten', 'Linear']), SPACING)).view;
    expect(positions).toMatchObject({
      add: { x: 720, y: 0 },
      Flatten: { x: 960, y: 0 },
      Linear: { x: 1200, y: 0 },
      out: { x: 1440, y: 0 },
    });
  });

  it('leaves a repair that inserts nothing on a connection as it is', () => {
    const before = residual();
    const operations: Operation[] = [{ op: 'remove_edge', scope: null, edge_id: 'e5' }];
    expect(withRoom(before, operations, SPACING)).toBe(operations);
  });
});

describe('blocks', () => {
  it('groups layers, keeps what flows, and dissolves to the same network', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['relu', 'add'], 'Residual', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const after = edited(before, grouped.operations);
    expect(wiring(after)).toEqual([
      'conv>residual.input',
      'image>conv.input',
      'residual>output.input',
    ]);
    const [blockId] = Object.keys(after.graph.blocks);
    expect(wiring(after, blockId)).toEqual([
      'add>output.input',
      'input>add.input_2',
      'input>relu.input',
      'relu>add.input_1',
    ]);
    const dissolved = dissolveBlock(after, null, grouped.nodeIds[0]!, SPACING, () => true);
    if ('refused' in dissolved) throw new Error(dissolved.refused);
    const again = edited(after, dissolved.operations);
    expect(wiring(again)).toEqual(wiring(before));
    expect(again.graph.nodes).toEqual(before.graph.nodes);
    expect(again.graph.blocks).toEqual({});
  });

  it('opens the ends of what is not connected yet', () => {
    const before = edited(
      residual(),
      ['e1', 'e5'].map((edge_id): Operation => ({ op: 'remove_edge', scope: null, edge_id })),
    );
    const grouped = groupIntoBlock(before, null, ['conv', 'relu', 'add'], 'All', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const after = edited(before, grouped.operations);
    expect(wiring(after)).toEqual([]);
    const [blockId = ''] = Object.keys(after.graph.blocks);
    expect(wiring(after, blockId)).toContain('input>conv.input');
    expect(wiring(after, blockId)).toContain('add>output.input');
    const { inputs, outputs } = portsFor(after)(after.graph.nodes[grouped.nodeIds[0]!]!);
    expect([inputs, outputs]).toEqual([['input'], ['output']]);
  });

  it('refuses a selection that a path leaves and enters again', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['conv', 'add'], 'Residual', portsFor(before));
    expect(grouped).toHaveProperty('refused');
    expect('refused' in grouped && grouped.refused).toContain('comes back at add');
  });

  it('writes out repeats as a chain and applies overrides', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['conv'], 'Stage', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const instance = grouped.nodeIds[0]!;
    const one = applyOperations(before, grouped.operations).document;
    const blockId = Object.keys(one.graph.blocks)[0]!;
    const block = one.graph.blocks[blockId]!;
    const { name, inputs, outputs } = block;
    const exposed = { width: { node: 'conv', param: 'out_channels' } };
    const common = { op: 'set_attribute', scope: null, node_id: instance } as const;
    const three = applyOperations(one, [
      { op: 'set_block', block_id: blockId, name, inputs, outputs, exposed },
      { ...common, attribute: 'repeat', value: 3 },
      { ...common, attribute: 'overrides', value: { width: 32 } },
    ]).document;
    const dissolved = dissolveBlock(three, null, instance, SPACING, () => true);
    if ('refused' in dissolved) throw new Error(dissolved.refused);
    const after = edited(three, dissolved.operations);
    expect(wiring(after)).toContain('image>conv.input');
    expect(wiring(after)).toContain('conv>conv_2.input');
    expect(wiring(after)).toContain('conv_2>conv_3.input');
    expect(wiring(after)).toContain('conv_3>relu.input');
    expect(after.graph.nodes[dissolved.nodeIds[2]!]?.params['out_channels']).toBe(32);
  });

  it('renames a port together with the edges outside', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['relu', 'add'], 'Residual', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const inner = applyOperations(before, grouped.operations).document;
    const blockId = Object.keys(inner.graph.blocks)[0]!;
    const portId = inner.graph.blocks[blockId]!.inputs[0]!;
    const after = edited(inner, renameNode(inner, blockId, portId, 'features'));
    expect(wiring(after)).toContain('conv>residual.features');
  });

  it('deletes a port together with the edges outside', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['relu', 'add'], 'Residual', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const inner = applyOperations(before, grouped.operations).document;
    const blockId = Object.keys(inner.graph.blocks)[0]!;
    const portId = inner.graph.blocks[blockId]!.inputs[0]!;
    const operations = removeSelected(inner, blockId, { nodeIds: [portId], edgeIds: [] });
    const after = edited(inner, operations);
    expect(after.graph.blocks[blockId]!.inputs).toEqual([]);
    expect(wiring(after)).not.toContain('conv>residual.input');
  });

  it('lists a new port in its block', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['relu'], 'Part', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const inner = applyOperations(before, grouped.operations).document;
    const blockId = Object.keys(inner.graph.blocks)[0]!;
    const wanted = makeNode('BlockInput', 'input');
    const { nodeId, operations } = insertNode(inner, blockId, wanted, { x: 0, y: 0 });
    const after = edited(inner, operations);
    expect(after.graph.blocks[blockId]!.inputs).toContain(nodeId);
    expect(after.graph.blocks[blockId]!.nodes[nodeId]?.name).toBe('input_2');
  });
});

describe('clipboard', () => {
  it('pastes into the same network under new ids and free names', () => {
    const before = residual();
    const clip = parseClip(clipText(copyNodes(before, null, ['conv', 'relu'])));
    const paste = pasteClip(before, null, clip, { x: 0, y: 300 });
    if ('refused' in paste) throw new Error(paste.refused);
    const after = edited(before, paste.operations);
    expect(wiring(after)).toContain('conv_2>relu_2.input');
    expect(paste.nodeIds.map((id) => after.view.positions[id])).toEqual([
      { x: 0, y: 300 },
      { x: 240, y: 300 },
    ]);
  });

  it('carries blocks to another network, and uses a known one again', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['relu', 'add'], 'Residual', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const source = applyOperations(before, grouped.operations).document;
    const clip = parseClip(clipText(copyNodes(source, null, grouped.nodeIds)));
    const there = pasteClip(emptyDocument(), null, clip, { x: 0, y: 0 });
    if ('refused' in there) throw new Error(there.refused);
    const target = edited(emptyDocument(), there.operations);
    const [blockId] = Object.keys(target.graph.blocks);
    expect(wiring(target, blockId)).toHaveLength(4);
    expect(target.graph.nodes[there.nodeIds[0]!]?.block).toBe(blockId);

    const here = pasteClip(source, null, clip, { x: 0, y: 0 });
    if ('refused' in here) throw new Error(here.refused);
    expect(Object.keys(edited(source, here.operations).graph.blocks)).toHaveLength(1);
  });

  it('takes the text of a whole network', () => {
    const paste = pasteClip(emptyDocument(), null, parseClip(JSON.stringify(residual())), {
      x: 0,
      y: 0,
    });
    if ('refused' in paste) throw new Error(paste.refused);
    expect(wiring(edited(emptyDocument(), paste.operations))).toEqual(wiring(residual()));
  });

  it('refuses text that is something else', () => {
    expect(() => parseClip('{"format": "other"}')).toThrow('not a Netloom network');
    expect(() => parseClip('hello')).toThrow(SyntaxError);
  });

  it('does not put a block into itself', () => {
    const before = residual();
    const grouped = groupIntoBlock(before, null, ['relu', 'add'], 'Residual', portsFor(before));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const source = applyOperations(before, grouped.operations).document;
    const clip = copyNodes(source, null, grouped.nodeIds);
    const [blockId] = Object.keys(source.graph.blocks);
    expect(pasteClip(source, blockId!, clip, { x: 0, y: 0 })).toHaveProperty('refused');
  });
});

describe('apply', () => {
  it('changes nothing when one of several operations is refused', () => {
    const before = residual();
    const result = tryOperations(before, [
      { op: 'set_graph_name', name: 'Other' },
      { op: 'remove_node', scope: null, node_id: 'conv' },
    ]);
    expect(result).toEqual({ refused: '“conv” is still connected.' });
    expect(before.graph.name).toBe('Network');
  });

  it('shares what did not change', () => {
    const before = residual();
    const { document } = applyOperations(before, [
      { op: 'move_nodes', positions: { conv: { x: 1, y: 2 } } },
    ]);
    expect(document.graph).toBe(before.graph);
    expect(document.view.positions['relu']).toBe(before.view.positions['relu']);
  });

  it('treats ids that are words of JavaScript as ids', () => {
    const node = makeNode('ReLU', 'relu');
    const add = (node_id: string) =>
      ({ op: 'add_node', scope: null, node_id, node, position: null }) as const;
    const after = edited(emptyDocument(), [add('__proto__'), add('constructor')]);
    expect(Object.keys(after.graph.nodes)).toEqual(['__proto__', 'constructor']);
    const missing = { op: 'remove_node', scope: null, node_id: 'toString' } as const;
    expect(tryOperations(after, [missing])).toHaveProperty('refused');
  });
});

describe('names', () => {
  it('are Python identifiers that hide nothing', () => {
    expect(nameProblem('conv_1')).toBeNull();
    for (const name of ['', '1conv', 'conv-1', 'class', 'forward', 'ünder', 'a'.repeat(65)]) {
      expect(nameProblem(name), name).not.toBeNull();
    }
    expect(uniqueName('conv', new Set(['conv', 'conv_2']))).toBe('conv_3');
    expect(baseName('AdaptiveAvgPool2d')).toBe('adaptive_avg_pool2d');
    expect(baseName('LeakyReLU')).toBe('leaky_relu');
  });
});

describe('arrange', () => {
  const boxes = [
    { id: 'a', x: 0, y: 0, width: 100, height: 50 },
    { id: 'b', x: 90, y: 200, width: 100, height: 50 },
    { id: 'c', x: 400, y: 100, width: 200, height: 50 },
  ];

  it('aligns and spreads evenly', () => {
    expect(align(boxes, 'right')['a']).toEqual({ x: 500, y: 0 });
    expect(align(boxes, 'middle')['a']).toEqual({ x: 0, y: 100 });
    expect(distribute(boxes, 'across')['b']).toEqual({ x: 200, y: 200 });
  });

  it('lays out from left to right, whatever the edges', () => {
    const { graph } = residual();
    const positions = layOutQuickly(graph, { column_px: 10, row_px: 5 });
    const columns = ['image', 'conv', 'relu', 'add', 'out'].map((id) => positions[id]?.x);
    expect(columns).toEqual([0, 10, 20, 30, 40]);
    const cyclic = { ...graph, edges: { ...graph.edges, back: edge('add', 'conv') } };
    expect(Object.keys(layOutQuickly(cyclic, { column_px: 10, row_px: 5 }))).toHaveLength(5);
  });
});
