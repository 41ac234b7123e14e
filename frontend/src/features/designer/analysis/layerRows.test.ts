import { describe, expect, it } from 'vitest';
import { shapeText } from '../state/display';
import { makeNode } from '../document/types';
import { fieldText, makeRows, rowsAsTable, sortRows, type LayerRow } from './layerRows';

function row(name: string, rest: Partial<LayerRow> = {}): LayerRow {
  return {
    path: name, id: name, depth: 0, order: 1, name, type: 'Conv2d', hue: 0, output: '',
    field: '', fieldSize: 0, parameters: 0, macs: 0, flops: 0, memory: 0, kept: 0, gradient: 0,
    share: 0, countedIn: '', sharedWith: '', repeat: 1, isBlock: false, isModule: false, isFolded: true, isOffender: false, weights: '', ...rest,
  }; // prettier-ignore
}

describe('rows of the analyzer', () => {
  it('keeps what is unfolded below its block, whatever the order', () => {
    const rows = [
      row('block', { parameters: 1, isBlock: true, isFolded: false }),
      row('inner', { depth: 1, parameters: 99 }),
      row('wide', { order: 2, parameters: 50 }),
    ];
    const names = sortRows(rows, 'parameters', true).map(({ name }) => name);
    expect(names).toEqual(['wide', 'block', 'inner']);
  });

  it('sorts a whole input behind every window', () => {
    const rows = [row('all', { fieldSize: Infinity }), row('few', { fieldSize: 3 })];
    expect(sortRows(rows, 'fieldSize', false).map(({ name }) => name)).toEqual(['few', 'all']);
  });

  it('exports plain numbers and says which layers exceed a budget', () => {
    const [head, line] = rowsAsTable([row('conv', { parameters: 1234567, isOffender: true })]);
    const cell = (name: string): unknown => line?.[head?.indexOf(name) ?? -1];
    expect(cell('parameters')).toBe(1234567);
    expect(cell('over_budget')).toBe('yes');
  });

  it('names layers inside blocks by the names around them', () => {
    const rows = [
      row('stage', { isBlock: true, isFolded: false }),
      row('conv', { path: 'x1/y2', depth: 1 }),
      row('relu', { path: 'x1/y3', depth: 1 }),
      row('head'),
    ];
    const paths = rowsAsTable(rows).map(([path]) => path);
    expect(paths).toEqual(['path', 'stage', 'stage/conv', 'stage/relu', 'head']);
  });
});

describe('layers that use the weights of others', () => {
  const towers = {
    right: makeNode('Block', 'right', { block: 't' }),
    left: makeNode('Block', 'left', { block: 't', weights_of: 'right' }),
    relu: makeNode('ReLU', 'relu', { weights_of: 'act' }),
    act: makeNode('ReLU', 'act'),
  };
  const conv = makeNode('Conv2d', 'conv');
  const counts = { right: 40, 'right/c': 40, left: 0, 'left/c': 0, relu: 0, act: 0 };
  const rows = makeRows({
    blocks: { t: { name: 'Tower', nodes: { c: conv }, edges: {}, inputs: [], outputs: [], exposed: {} } },
    scope: { nodes: towers, edges: {} },
    prefix: '',
    nodes: Object.fromEntries(
      Object.entries(counts).map(([path, parameters]) => [path, { parameters, outputs: {} }]),
    ) as never,
    budgets: [],
    catalog: { byType: new Map() } as never,
    unfolded: new Set(['right', 'left']),
    showsModules: false,
    isChannelsLast: false,
  });

  it('say who counts them, inside blocks too', () => {
    const counted = rows.map(({ path, countedIn }) => [path, countedIn]);
    expect(counted).toEqual([
      ['right', ''], ['right/c', ''], ['left', 'right'], ['left/c', 'right.conv'],
      ['relu', ''], ['act', ''],
    ]); // prettier-ignore
  });

  it('are told in the export on both sides', () => {
    const [head, ...lines] = rowsAsTable(rows);
    const at = head?.indexOf('weights_shared_with') ?? -1;
    expect(lines.map((line) => [line[0], line[at]])).toEqual([
      ['right', 'left'], ['right/conv', ''], ['left', 'right'], ['left/conv', 'right.conv'],
      ['relu', ''], ['act', ''],
    ]); // prettier-ignore
  });
});

describe('where weights stand', () => {
  const inner = makeNode('Conv2d', 'conv');
  const scopes = {
    blocks: { t: { name: 'Stage', nodes: { c: inner }, edges: {}, inputs: [], outputs: [], exposed: {} } },
    scope: {
      nodes: {
        stage: makeNode('Block', 'stage', { block: 't', is_frozen: true }),
        relu: makeNode('ReLU', 'relu', { is_frozen: true }),
        head: makeNode('Linear', 'head'),
      },
      edges: {},
    },
    prefix: '',
    nodes: Object.fromEntries(
      Object.entries({ stage: 40, 'stage/c': 40, relu: 0, head: 10 }).map(([path, parameters]) => [
        path,
        { parameters, outputs: {} },
      ]),
    ) as never,
    budgets: [],
    catalog: { byType: new Map() } as never,
    unfolded: new Set(['stage']),
    showsModules: false,
    isChannelsLast: false,
  };

  it('is said in words, with what is frozen, inside a frozen block too', () => {
    const standings = { stage: 'pretrained', 'stage/c': 'pretrained', head: 'new' } as const;
    const rows = makeRows({ ...scopes, standings });
    expect(rows.map(({ path, weights }) => [path, weights])).toEqual([
      ['stage', 'pretrained, frozen'], ['stage/c', 'pretrained, frozen'], ['relu', ''],
      ['head', 'start new'],
    ]); // prettier-ignore
    const [header, first] = rowsAsTable(rows);
    expect(first?.[header?.indexOf('weights') ?? -1]).toBe('pretrained, frozen');
  });

  it('is nothing for a network that nobody has trained, but for what is frozen', () => {
    const words = makeRows(scopes).map(({ weights }) => weights);
    expect(words).toEqual(['frozen', 'frozen', '', '']);
  });
});

describe('shapes and fields as people read them', () => {
  const image = [
    { axis: 'B', size: 'B' },
    { axis: 'C', size: 3 },
    { axis: 'H', size: 8 },
    { axis: 'W', size: 9 },
  ];

  it('moves channels behind the image only where asked, and leaves signals alone', () => {
    expect(shapeText(image, false)).toBe('B × 3 × 8 × 9');
    expect(shapeText(image, true)).toBe('B × 8 × 9 × 3');
    const signal = [...image.slice(0, 2), { axis: 'T', size: 'T' }];
    expect(shapeText(signal, true)).toBe('B × 3 × T');
  });

  it('says whole once', () => {
    const whole = (axis: string) => ({ axis, size: null });
    expect(fieldText([whole('H'), whole('W')])).toBe('whole');
    expect(fieldText([{ axis: 'H', size: 11 }, { axis: 'W', size: 7 }])).toBe('11 × 7');
  });
});
