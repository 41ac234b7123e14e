import { describe, expect, it } from 'vitest';
import { makeNode } from '../document/types';
import type { ParamDescription, ParamKind } from '../state/contract';
import { parseParam, sharedParam } from './shared';

const param = (kind: ParamKind, rest: Partial<ParamDescription> = {}): ParamDescription => ({
  name: 'size',
  kind,
  title: 'Size',
  description: '',
  default: 1,
  is_required: false,
  minimum: 1,
  maximum: 100,
  unit: 'px',
  choices: [],
  count: kind === 'int_pair' || kind === 'padding' ? 2 : null,
  is_optional: false,
  is_advanced: false,
  on_card: false,
  section: '',
  ...rest,
});

describe('parseParam', () => {
  it('reads what people type for a pair', () => {
    for (const text of ['3 × 5', '3x5', '3, 5', '3 5']) {
      expect(parseParam(param('int_pair'), text), text).toEqual({ value: [3, 5] });
    }
    expect(parseParam(param('int_pair'), '3')).toEqual({ value: [3, 3] });
    expect(parseParam(param('padding'), 'Same')).toEqual({ value: 'same' });
    expect(parseParam(param('int_triple', { count: 3 }), '2')).toEqual({ value: [2, 2, 2] });
    expect(parseParam(param('int_triple', { count: 3 }), '1 2 3')).toEqual({ value: [1, 2, 3] });
    expect(parseParam(param('padding', { count: 1 }), '3')).toEqual({ value: 3 });
    expect(parseParam(param('int_list', { minimum: null }), '0, 2, 1')).toEqual({
      value: [0, 2, 1],
    });
    expect(parseParam(param('float_list', { minimum: null }), '0.5, 0.4 0.3')).toEqual({
      value: [0.5, 0.4, 0.3],
    });
  });

  it('says what is wrong instead of guessing', () => {
    expect(parseParam(param('int'), '2.5')).toEqual({ problem: 'Type a whole number.' });
    expect(parseParam(param('int'), '0')).toEqual({ problem: 'At least 1.' });
    expect(parseParam(param('int_pair'), '3 × 101')).toEqual({ problem: 'At most 100.' });
    expect(parseParam(param('int_pair'), '1 2 3')).toHaveProperty('problem');
    expect(parseParam(param('int_triple', { count: 3 }), '1 2')).toHaveProperty('problem');
    expect(parseParam(param('float'), '')).toHaveProperty('problem');
  });

  it('knows that nothing can be a value', () => {
    expect(parseParam(param('int', { is_optional: true }), '')).toEqual({ value: null });
  });
});

describe('sharedParam', () => {
  const node = (value?: number) => ({
    id: 'a',
    node: makeNode('X', 'x', value === undefined ? {} : { params: { size: value } }),
  });

  it('tells set, default and mixed apart', () => {
    expect(sharedParam([node(3), node(3)], param('int'))).toEqual({ kind: 'set', value: 3 });
    expect(sharedParam([node(), node()], param('int'))).toEqual({ kind: 'default' });
    expect(sharedParam([node(), node(3)], param('int'))).toEqual({ kind: 'mixed' });
  });
});
