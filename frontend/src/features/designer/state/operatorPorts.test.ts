import { describe, expect, it } from 'vitest';

import { makeNode } from '../document/types';
import { insertableLayers, makeCatalog } from './catalog';
import type { LayerDescription } from './contract';

const [layers] = Object.values(
  import.meta.glob<LayerDescription[]>('../../../../../schema/layers.json', {
    eager: true,
    import: 'default',
  }),
);
const catalog = makeCatalog(layers ?? []);

function ports(op: string, given: object): unknown {
  const params = { op, arguments: JSON.stringify(given) };
  return catalog.layerPorts({ ...makeNode('Operator', 'operator'), params });
}

describe('ports of operators', () => {
  it('follow the arguments', () => {
    expect(ports('add', {})).toEqual({ inputs: ['input_1', 'input_2'], outputs: ['output'] });
    expect(ports('add', { other: 2 })).toEqual({ inputs: ['input_1'], outputs: ['output'] });
    expect(ports('split', { sizes: [1, 2] })).toEqual({
      inputs: ['input'],
      outputs: ['output_1', 'output_2'],
    });
    expect(ports('concatenate', { num_inputs: 3 })).toEqual({
      inputs: ['input_1', 'input_2', 'input_3'],
      outputs: ['output'],
    });
    expect(ports('concatenate', {})).toMatchObject({ inputs: ['input_1', 'input_2'] });
    expect(ports('einsum', { equation: 'ab,bc->ac' })).toMatchObject({
      inputs: ['input_1', 'input_2'],
    });
    expect(ports('expand', { shape: [1], to_batch: true })).toMatchObject({
      inputs: ['input', 'like'],
    });
    expect(ports('topk', { k: 2 })).toMatchObject({ outputs: ['values', 'indices'] });
  });

  it('stay while the arguments are being typed', () => {
    const params = { op: 'split', arguments: '{"sizes": [1,' };
    expect(catalog.layerPorts({ ...makeNode('Operator', 'operator'), params })).toEqual({
      inputs: ['input'],
      outputs: [],
    });
  });

  it('are those that a placeholder names', () => {
    const params = { inputs: 'x,w', outputs: 'y' };
    expect(catalog.layerPorts({ ...makeNode('Placeholder', 'gone'), params })).toEqual({
      inputs: ['x', 'w'],
      outputs: ['y'],
    });
  });
});

describe('the palette', () => {
  it('offers operators, parameters and constants, but no placeholder', () => {
    const offered = insertableLayers(catalog, null).map((layer) => layer.type);
    expect(offered).toEqual(expect.arrayContaining(['Operator', 'Parameter', 'Constant']));
    expect(offered).not.toContain('Placeholder');
  });
});
