/** Ports that follow from what a node is told to compute: operators, and placeholders of imports. */

import type { NodePorts } from '../document/ports';
import { lookup } from '../document/records';
import type { LayerDescription, PortRule } from './contract';
import { ARGUMENTS, OP, parseArguments, type Arguments } from './operatorArguments';

const MAX_PORTS = 256;

/** Undefined for a layer whose ports are the usual ones. */
export function namedPorts(
  layer: LayerDescription,
  value: (param: string) => unknown,
): NodePorts | undefined {
  if (layer.names_ports !== null) {
    const [inputs, outputs] = layer.names_ports;
    return { inputs: commaNames(value(inputs)), outputs: commaNames(value(outputs)) };
  }
  const op = value(OP);
  const operator = typeof op === 'string' ? lookup(layer.operators, op) : undefined;
  if (operator === undefined) return undefined;
  const given = parseArguments(value(ARGUMENTS)) ?? {};
  return {
    inputs: operator.inputs.flatMap((rule) => ruledPorts(rule, given)),
    outputs: operator.outputs.flatMap((rule) => ruledPorts(rule, given)),
  };
}

function ruledPorts(rule: PortRule, given: Arguments): string[] {
  const value = lookup(given, rule.argument) ?? rule.default;
  switch (rule.condition) {
    case 'always':
      return [rule.name];
    case 'where_true':
      return value === true ? [rule.name] : [];
    case 'where_missing':
      return value === null ? [rule.name] : [];
    case 'as_many':
      return numbered(rule.name, typeof value === 'number' ? value : 0);
    case 'one_each':
      return numbered(rule.name, Array.isArray(value) ? value.length : 0);
    case 'operands':
      return numbered(rule.name, operands(value));
  }
}

/** An equation such as `bij,bjk->bik` has an operand for each part before the arrow. */
function operands(value: unknown): number {
  return typeof value === 'string' ? (value.split('->')[0] ?? '').split(',').length : 0;
}

function numbered(name: string, count: number): string[] {
  const length = Math.max(0, Math.min(Math.trunc(count), MAX_PORTS));
  return Array.from({ length }, (_, index) => `${name}_${index + 1}`);
}

function commaNames(value: unknown): string[] {
  return typeof value === 'string' ? value.split(',').filter((name) => name !== '') : [];
}
