/** The arguments of an operator: a JSON object in one parameter, a field for each of them. */

import { lookup } from '../document/records';
import type { Node, ParamValue } from '../document/types';
import { paramText, paramValue } from './catalog';
import type { LayerDescription, OperatorDescription, ParamDescription } from './contract';

/** The parameters that make a layer one of several operations. */
export const OP = 'op';
export const ARGUMENTS = 'arguments';

export type Arguments = Readonly<Record<string, unknown>>;

/** Null for what is no JSON object. */
export function parseArguments(text: unknown): Arguments | null {
  if (typeof text !== 'string') return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return isArguments(parsed) ? parsed : null;
  } catch {
    return null; // The analysis says what is wrong with the text.
  }
}

function isArguments(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As imports write them: names in order, a space behind commas and colons. */
export function argumentsText(given: Arguments): string {
  const pairs = Object.keys(given)
    .sort()
    .map((name) => `${JSON.stringify(name)}: ${jsonText(lookup(given, name))}`);
  return `{${pairs.join(', ')}}`;
}

function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  return JSON.stringify(value);
}

/** The operation that a node is, with its fields; undefined for a layer that is just one thing. */
export function operatorOf(
  layer: LayerDescription | undefined,
  node: Node,
): OperatorDescription | undefined {
  if (layer === undefined) return undefined;
  const op = paramValue(layer, node, OP);
  return typeof op === 'string' ? lookup(layer.operators, op) : undefined;
}

/** Whether a field can show and change a value: one of its kind, whatever its size. */
export function isShownBy(param: ParamDescription, value: unknown): value is ParamValue {
  if (value === null) return param.is_optional;
  switch (param.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isSafeInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string';
    case 'choice':
      return param.choices.some((choice) => choice === value);
    case 'int_list':
      return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
    case 'float_list':
      return Array.isArray(value) && value.every((item) => typeof item === 'number');
    case 'int_pair':
    case 'int_triple':
    case 'padding':
      return false; // No operation declares one.
  }
}

/** Whether the text of a node says something that no field shows. */
export function isBeyondFields(fields: readonly ParamDescription[], text: unknown): boolean {
  const given = parseArguments(text);
  if (given === null) return true;
  return Object.entries(given).some(
    ([name, value]) => !fields.some((field) => field.name === name && isShownBy(field, value)),
  );
}

/** What another operation takes over: the arguments that it has too. */
export function keptArguments(fields: readonly ParamDescription[], given: Arguments): Arguments {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = lookup(given, field.name);
      return value !== undefined && isShownBy(field, value) ? [[field.name, value]] : [];
    }),
  );
}

/** As a card shows them: `Axes 0, 2, 1 · Keep axes`. */
export function argumentsInWords(operator: OperatorDescription, text: ParamValue): string {
  const given = parseArguments(text);
  if (given === null) return String(text);
  const words = operator.arguments.flatMap((field) => {
    const value = lookup(given, field.name);
    if (value === undefined || value === null || value === false) return [];
    if (!isShownBy(field, value)) return [];
    return value === true ? [field.title] : [`${field.title} ${paramText(field, value)}`];
  });
  return words.join(' · ');
}
