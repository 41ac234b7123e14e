/** What the editor knows about layer types: lookup, ports, values, card lines, search. */

import { baseName } from '../document/names';
import type { LayerPorts, NodePorts } from '../document/ports';
import { lookup } from '../document/records';
import { isSameData } from '../document/records';
import { BLOCK, makeNode, type Node, type ParamValue } from '../document/types';
import type { LayerDescription, LibraryBlock, ParamDescription, PortDescription } from './contract';
import { ARGUMENTS, argumentsInWords, operatorOf } from './operatorArguments';
import { namedPorts } from './operatorPorts';

export interface Catalog {
  readonly layers: readonly LayerDescription[];
  readonly byType: ReadonlyMap<string, LayerDescription>;
  readonly layerPorts: LayerPorts;
  /** The library of blocks. */
  readonly blocks: readonly LibraryBlock[];
}

const MAX_PORTS = 64;

export function makeCatalog(
  layers: readonly LayerDescription[],
  blocks: readonly LibraryBlock[] = [],
): Catalog {
  const byType = new Map(layers.map((layer) => [layer.type, layer]));
  const layerPorts: LayerPorts = (node) => {
    const layer = byType.get(node.type);
    return layer && portsOfLayer(layer, node);
  };
  return { layers, byType, layerPorts, blocks };
}

/** Ports that a parameter counts or switches on follow the node's values. */
function portsOfLayer(layer: LayerDescription, node: Node): NodePorts {
  const named = namedPorts(layer, (param) => paramValue(layer, node, param));
  if (named !== undefined) return named;
  const shown = (ports: readonly PortDescription[]): string[] =>
    ports
      .filter(({ param }) => param === null || paramValue(layer, node, param) === true)
      .map((port) => port.name);
  const count = layer.variadic_param === null ? null : paramValue(layer, node, layer.variadic_param);
  if (typeof count !== 'number') {
    return { inputs: shown(layer.inputs), outputs: shown(layer.outputs) };
  }
  const length = Math.max(0, Math.min(Math.trunc(count), MAX_PORTS));
  const numbers = Array.from({ length }, (_, index) => index + 1);
  const numbered = (names: readonly string[]): string[] =>
    numbers.flatMap((number) => names.map((name) => `${name}_${number}`));
  return {
    inputs: [...numbered(layer.variadic_inputs.length === 0 ? ['input'] : layer.variadic_inputs), ...layer.fixed_inputs],
    outputs:
      layer.variadic_outputs.length === 0
        ? shown(layer.outputs)
        : numbered(layer.variadic_outputs),
  };
}

/** A node's value of a parameter, its default when it has none of its own. */
export function paramValue(layer: LayerDescription, node: Node, name: string): ParamValue {
  const own = lookup(node.params, name);
  if (own !== undefined) return own;
  return layer.params.find((param) => param.name === name)?.default ?? null;
}

export function newLayerNode(layer: LayerDescription): Node {
  return makeNode(layer.type, layer.name_stem || baseName(layer.type));
}

export function valueText(value: ParamValue): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (!Array.isArray(value)) return String(value);
  const items: readonly ParamValue[] = value;
  const [first] = items;
  const isUniform = items.length > 1 && items.every((item) => isSameData(item, first));
  const shown = isUniform && first !== undefined && items.length === 2 ? [first, first] : items;
  return shown.map((item) => valueText(item)).join(' × ');
}

/** As `valueText`; one number for all directions is shown as the numbers it means. */
export function paramText(param: ParamDescription, value: ParamValue): string {
  if (param.kind === 'int_list' && Array.isArray(value)) return value.map(String).join(', ');
  if (param.count === null || typeof value !== 'number') return valueText(value);
  return valueText(Array.from({ length: param.count }, () => value));
}

const SHORT_TITLES: Readonly<Record<string, string>> = {
  out_channels: 'filters',
  out_features: 'features',
  num_features: 'features',
  kernel_size: 'kernel',
  output_size: 'size',
  normalized_shape: 'shape',
  negative_slope: 'slope',
};

export function shortTitle(param: ParamDescription): string {
  return lookup(SHORT_TITLES, param.name) ?? param.name.replaceAll('_', ' ');
}

export interface CardLine {
  readonly title: string;
  readonly value: string;
}

const MAX_CARD_LINES = 2;

/** The parameters a card shows: the key ones; those left at an unremarkable default come last. */
export function cardLines(layer: LayerDescription | undefined, node: Node): CardLine[] {
  if (node.type === BLOCK) return blockLines(node);
  if (layer === undefined) return [];
  const operator = operatorOf(layer, node);
  const lines = layer.params.flatMap((param) => {
    const isChanged =
      Object.hasOwn(node.params, param.name) &&
      !isSameData(lookup(node.params, param.name), param.default);
    if (!param.on_card && !isChanged) return [];
    const rank = param.on_card ? 0 : 1;
    const raw = paramValue(layer, node, param.name);
    if (raw === null) return [];
    const value =
      operator !== undefined && param.name === ARGUMENTS
        ? argumentsInWords(operator, raw)
        : paramText(param, shortened(raw));
    if (operator !== undefined && value === '') return [];
    return [{ title: shortTitle(param), value, rank, name: param.name }];
  });
  if (lines.length > MAX_CARD_LINES && isImageSize(lines)) return imageLines(lines);
  return lines.sort((a, b) => a.rank - b.rank).slice(0, MAX_CARD_LINES);
}

/** A card has room for few digits; the properties show all of them. */
function shortened(value: ParamValue): ParamValue {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return Math.abs(value) < 1000 ? Number(value.toPrecision(4)) : Math.round(value);
}

function blockLines(node: Node): CardLine[] {
  const overrides = Object.entries(node.overrides).map(([title, value]) => ({
    title: title.replaceAll('_', ' '),
    value: valueText(value),
  }));
  return overrides.slice(0, MAX_CARD_LINES);
}

interface NamedLine extends CardLine {
  readonly name: string;
}

function isImageSize(lines: readonly NamedLine[]): boolean {
  return ['height', 'width', 'channels'].every((name) => lines.some((line) => line.name === name));
}

function imageLines(lines: readonly NamedLine[]): CardLine[] {
  const value = (name: string): string => lines.find((line) => line.name === name)?.value ?? '';
  return [
    { title: '', value: `${value('height')} × ${value('width')}` },
    { title: 'channels', value: value('channels') },
  ];
}

/** Layers a person may put into this scope: ports of blocks only inside one. */
export function insertableLayers(catalog: Catalog, scope: string | null): LayerDescription[] {
  return catalog.layers.filter((layer) => {
    switch (layer.role) {
      case 'layer':
        return true;
      case 'input':
      case 'output':
        return scope === null;
      case 'block_input':
      case 'block_output':
        return scope !== null;
      case 'block':
      case 'placeholder':
        return false;
    }
  });
}
