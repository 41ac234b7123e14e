/** Editing several nodes of one type as if they were one. */

import type { Operation } from '../document/operations';
import { isSameData, lookup } from '../document/records';
import type { Node, ParamValue } from '../document/types';
import type { ParamDescription } from '../state/contract';

export interface Chosen {
  readonly id: string;
  readonly node: Node;
}

export type SharedValue =
  | { readonly kind: 'default' }
  | { readonly kind: 'set'; readonly value: ParamValue }
  | { readonly kind: 'mixed' };

/** What several nodes have in common for one parameter. */
export function sharedParam(chosen: readonly Chosen[], param: ParamDescription): SharedValue {
  return sharedValue(chosen.map(({ node }) => lookup(node.params, param.name)));
}

/** The same for values that are given; undefined is one that was left at its default. */
export function sharedValue(values: readonly (ParamValue | undefined)[]): SharedValue {
  const [first] = values;
  if (values.some((value) => !isSameData(value, first))) return { kind: 'mixed' };
  return first === undefined ? { kind: 'default' } : { kind: 'set', value: first };
}

/** Operations that set a parameter of all nodes; null goes back to the default. */
export function setParamOperations(
  scope: string | null,
  chosen: readonly Chosen[],
  param: string,
  change: { readonly value: ParamValue } | null,
): Operation[] {
  return chosen.map(({ id }) => ({
    op: 'set_param',
    scope,
    node_id: id,
    param,
    is_set: change !== null,
    value: change?.value ?? null,
  }));
}

/** What a text means for a parameter, or why it means nothing. */
export type Parsed = { readonly value: ParamValue } | { readonly problem: string };

export function parseParam(param: ParamDescription, text: string): Parsed {
  const trimmed = text.trim();
  if (param.is_optional && (trimmed === '' || trimmed === 'none')) return { value: null };
  switch (param.kind) {
    case 'int':
      return parseNumber(param, trimmed, true);
    case 'float':
      return parseNumber(param, trimmed, false);
    case 'int_pair':
    case 'int_triple':
      return parseSizes(param, trimmed);
    case 'padding':
      return trimmed.toLowerCase() === 'same' ? { value: 'same' } : parseSizes(param, trimmed);
    case 'int_list':
      return parseList(param, trimmed, true);
    case 'float_list':
      return parseList(param, trimmed, false);
    case 'text':
      return { value: text };
    case 'bool':
    case 'choice':
      return { problem: 'Choose one of the options.' };
  }
}

function parseNumber(param: ParamDescription, text: string, isWhole: boolean): Parsed {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) {
    return { problem: isWhole ? 'Type a whole number.' : 'Type a number.' };
  }
  if (isWhole && !Number.isSafeInteger(value)) return { problem: 'Type a whole number.' };
  const { minimum, maximum } = param;
  if (minimum !== null && value < minimum) return { problem: `At least ${minimum}.` };
  if (maximum !== null && value > maximum) return { problem: `At most ${maximum}.` };
  return { value };
}

function splitNumbers(text: string): string[] {
  return text.split(/[\s,;×x*]+/).filter(Boolean);
}

const DIRECTIONS: Readonly<Record<number, string>> = {
  1: 'Type one number.',
  2: 'Type one number, or height × width.',
  3: 'Type one number, or depth × height × width.',
};

function parseSizes(param: ParamDescription, text: string): Parsed {
  const count = param.count ?? 2;
  const parts = splitNumbers(text).map((part) => parseNumber(param, part, true));
  const [first] = parts;
  if (first === undefined || (parts.length > 1 && parts.length !== count)) {
    return { problem: DIRECTIONS[count] ?? `Type one number, or ${count}.` };
  }
  const problem = parts.find((part) => 'problem' in part);
  if (problem !== undefined) return problem;
  const numbers = parts.flatMap((part) => ('value' in part ? [Number(part.value)] : []));
  const [size = 0] = numbers;
  if (count === 1) return { value: size };
  return { value: numbers.length === count ? numbers : Array.from({ length: count }, () => size) };
}

/** A list that may be left empty starts as an empty one. */
export function isEmptyList(value: ParamValue): boolean {
  return Array.isArray(value) && value.length === 0;
}

function parseList(param: ParamDescription, text: string, isWhole: boolean): Parsed {
  const parts = splitNumbers(text).map((part) => parseNumber(param, part, isWhole));
  const problem = parts.find((part) => 'problem' in part);
  if (problem !== undefined) return problem;
  if (parts.length === 0 && isEmptyList(param.default)) return { value: [] };
  if (parts.length === 0) return { problem: 'Type one or more numbers.' };
  return { value: parts.flatMap((part) => ('value' in part ? [Number(part.value)] : [])) };
}
