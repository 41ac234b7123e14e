import { describe, expect, it } from 'vitest';
import { makeNode, type ParamValue } from '../document/types';
import { cardLines, makeCatalog } from './catalog';
import type { LayerDescription } from './contract';
import { searchCatalog } from './search';

const [layers] = Object.values(
  import.meta.glob<LayerDescription[]>('../../../../../schema/layers.json', {
    eager: true,
    import: 'default',
  }),
);
const { layerPorts } = makeCatalog(layers ?? []);

function portsOf(type: string, params: Record<string, ParamValue> = {}) {
  return layerPorts({ ...makeNode(type, 'layer'), params });
}

describe('ports of layers', () => {
  it('are switched on by a parameter', () => {
    expect(portsOf('LSTM')).toEqual({ inputs: ['input'], outputs: ['output'] });
    expect(portsOf('LSTM', { takes_state: true, gives_state: true })).toEqual({
      inputs: ['input', 'hidden', 'cell'],
      outputs: ['output', 'hidden', 'cell'],
    });
  });

  it('are counted by a parameter, outputs as well as inputs', () => {
    expect(portsOf('Add', { num_inputs: 3 })).toEqual({
      inputs: ['input_1', 'input_2', 'input_3'],
      outputs: ['output'],
    });
    expect(portsOf('AnchorHead', { num_levels: 2 })).toEqual({
      inputs: ['input_1', 'input_2'],
      outputs: ['class_1', 'box_1', 'class_2', 'box_2'],
    });
  });

  it('of unknown types are not known', () => {
    expect(portsOf('Unheard')).toBeUndefined();
  });
});

describe('lines of a card', () => {
  it('have few digits', () => {
    const shown = (eps: number) => {
      const node = { ...makeNode('BatchNorm2d', 'bn'), params: { eps } };
      return cardLines(layers?.find(({ type }) => type === 'BatchNorm2d'), node).map(({ value }) => value);
    };
    expect(shown(0.0010000000474974513)).toEqual(['0.001']);
    expect(shown(9.123456789e-7)).toEqual(['9.123e-7']);
    expect(shown(0.0123)).toEqual(['0.0123']);
    expect(shown(123456.78901)).toEqual(['123457']);
  });
});

describe('search', () => {
  it.each([
    ['max pool', 'MaxPool2d'],
    ['batch norm', 'BatchNorm2d'],
    ['global max pool', 'GlobalMaxPool'],
    ['conv', 'Conv2d'],
    ['Conv2D', 'Conv2d'],
    ['relu', 'ReLU'],
    ['dense', 'Linear'],
    ['fc', 'Linear'],
    ['bn', 'BatchNorm2d'],
    ['fullyConnectedLayer', 'Linear'],
    ['lstm', 'LSTM'],
    ['dropout', 'Dropout'],
    ['max', 'Max'],
    ['image input', 'ImageInput'],
    ['encoder', 'TransformerEncoderLayer'],
    ['transformer', 'TransformerEncoderLayer'],
    ['dense', 'Linear'],
    ['LSTM(Keras)', 'LSTM'],
    ['additionLayer', 'Add'],
    ['reluLayer', 'ReLU'],
    ['BatchNormalization', 'BatchNorm2d'],
    ['MultiHeadAttention', 'SelfAttention'],
    ['DepthToSpace', 'PixelShuffle'],
    ['imageInputLayer', 'ImageInput'],
    ['classificationLayer', 'Output'],
    ['Conv2DTranspose', 'ConvTranspose2d'],
    ['ExpandDims', 'Unsqueeze'],
    ['geluLayer', 'GELU'],
    ['cnv2d', 'Conv2d'],
    ['btchnrm2', 'BatchNorm2d'],
  ])('%s finds %s first', (query, type) => {
    expect(searchCatalog(layers ?? [], query)[0]?.type).toBe(type);
  });
});
