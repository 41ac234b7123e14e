import { describe, expect, it } from 'vitest';

import { makeNode } from '../document/types';
import { cardLines, makeCatalog } from './catalog';
import type { LayerDescription, ParamDescription } from './contract';
import { argumentsText, isBeyondFields, keptArguments, parseArguments } from './operatorArguments';

const [layers] = Object.values(
  import.meta.glob<LayerDescription[]>('../../../../../schema/layers.json', {
    eager: true,
    import: 'default',
  }),
);
const layer = makeCatalog(layers ?? []).byType.get('Operator');
const fields = (op: string): ParamDescription[] => layer?.operators[op]?.arguments ?? [];

describe('arguments of operators', () => {
  it('have a field each, of the kind that is declared', () => {
    const kinds = (op: string): string[] => fields(op).map(({ name, kind }) => `${name}:${kind}`);
    expect(kinds('pad')).toEqual(['padding:int_list', 'mode:choice', 'value:float']);
    expect(kinds('mean')).toEqual(['dim:int_list', 'keepdim:bool']);
    expect(kinds('einsum')).toEqual(['equation:text']);
    expect(kinds('abs')).toEqual([]);
  });

  it('are written as imports write them', () => {
    const text = argumentsText({ keepdim: true, dim: [1, -1], eps: 1e-12 });
    expect(text).toBe('{"dim": [1, -1], "eps": 1e-12, "keepdim": true}');
    expect(parseArguments(text)).toEqual({ keepdim: true, dim: [1, -1], eps: 1e-12 });
    expect(parseArguments('[1]')).toBeNull();
    expect(parseArguments('{"dim": ')).toBeNull();
  });

  it('stay as JSON only where no field can say them', () => {
    expect(isBeyondFields(fields('permute'), '{"dims": [0, 2, 1]}')).toBe(false);
    expect(isBeyondFields(fields('permute'), '{}')).toBe(false);
    expect(isBeyondFields(fields('permute'), '{"dims": "all"}')).toBe(true);
    expect(isBeyondFields(fields('permute'), '{"dims": [0], "order": 1}')).toBe(true);
    expect(isBeyondFields(fields('permute'), 'dims')).toBe(true);
    expect(isBeyondFields(fields('clamp'), '{"min": null, "max": 6}')).toBe(false);
  });

  it('go along to another operation that has them too', () => {
    expect(keptArguments(fields('sum'), { dim: [1], keepdim: true, p: 2 })).toEqual({
      dim: [1],
      keepdim: true,
    });
    expect(keptArguments(fields('softmax'), { dim: [1] })).toEqual({});
  });

  it('are words on the card', () => {
    const node = makeNode('Operator', 'x', {
      params: { op: 'mean', arguments: '{"dim": [2, 3], "keepdim": true}' },
    });
    expect(cardLines(layer, node).map(({ value }) => value)).toEqual([
      'mean',
      'Axes 2, 3 · Keep axes',
    ]);
    const plain = makeNode('Operator', 'x', { params: { op: 'exp' } });
    expect(cardLines(layer, plain).map(({ value }) => value)).toEqual(['exp']);
  });
});
