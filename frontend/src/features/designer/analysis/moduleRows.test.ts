import { describe, expect, it } from 'vitest';
import type { LayerRow } from './layerRows';
import { foldModules, type Unit } from './moduleRows';

function unit(path: string, parameters: number, order: number): Unit {
  const modules = path.split('.');
  const name = modules.pop() ?? '';
  const row: LayerRow = {
    path: name, id: name, depth: 0, order, name, type: 'Conv2d', hue: 0, output: `out of ${name}`,
    field: '', fieldSize: 0, parameters, macs: 0, flops: 0, memory: 0, kept: 0, gradient: 0,
    share: 0, countedIn: '', sharedWith: '', repeat: 1, isBlock: false, isModule: false, isFolded: true, isOffender: false, weights: '',
  }; // prettier-ignore
  return { modules, rows: [row] };
}

const NETWORK = [
  unit('stem', 1, 1),
  unit('layer1.0.conv1', 10, 2),
  unit('layer1.0.conv2', 20, 3),
  unit('layer1.1.conv3', 30, 4),
  unit('head', 5, 5),
];

describe('modules of an imported network', () => {
  it('fold into one row that sums them and gives what the last one gives', () => {
    const rows = foldModules(NETWORK, '', new Set());
    expect(rows.map(({ name }) => name)).toEqual(['stem', 'layer1', 'head']);
    expect(rows[1]).toMatchObject({ parameters: 60, output: 'out of conv3', isModule: true });
  });

  it('unfold module by module; one of a single layer is the layer', () => {
    const [, layer1] = foldModules(NETWORK, '', new Set());
    const once = foldModules(NETWORK, '', new Set([layer1?.path ?? '']));
    expect(once.map(({ name, depth }) => [name, depth])).toEqual([
      ['stem', 0],
      ['layer1', 0],
      ['0', 1],
      ['conv3', 1],
      ['head', 0],
    ]);
    const twice = foldModules(NETWORK, '', new Set([layer1?.path ?? '', once[2]?.path ?? '']));
    expect(twice.map(({ name }) => name)).toEqual([
      'stem', 'layer1', '0', 'conv1', 'conv2', 'conv3', 'head',
    ]); // prettier-ignore
  });

  it('leaves a network that was drawn as it is', () => {
    const drawn = [unit('a', 1, 1), unit('b', 2, 2)];
    expect(foldModules(drawn, '', new Set()).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});
