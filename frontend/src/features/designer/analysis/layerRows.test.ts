import { describe, expect, it } from 'vitest';
import { shapeText } from '../state/display';
import { fieldText, rowsAsTable, sortRows, type LayerRow } from './layerRows';

function row(name: string, rest: Partial<LayerRow> = {}): LayerRow {
  return {
    path: name, id: name, depth: 0, order: 1, name, type: 'Conv2d', hue: 0, output: '',
    field: '', fieldSize: 0, parameters: 0, macs: 0, flops: 0, memory: 0, kept: 0, gradient: 0,
    share: 0, repeat: 1, isBlock: false, isModule: false, isFolded: true, isOffender: false, ...rest,
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
