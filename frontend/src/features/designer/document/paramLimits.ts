/** How much one node may hold; the numbers are those of `netloom/graph/limits.py`. */

import { OperationRefused } from './operations';
import type { Node, Params, ParamValue } from './types';

const MAX_NODE_PARAMS = 1000;
const MAX_PARAM_VALUES = 4096;
const MAX_PARAM_CHARS = 100_000;

export function refuseLongParams(node: Node): void {
  for (const params of [node.params, node.overrides]) refuseLongRecord(node.name, params);
}

export function refuseLongRecord(nodeName: string, params: Params): void {
  refuseManyParams(nodeName, Object.keys(params).length);
  for (const [param, value] of Object.entries(params)) refuseLongValue(nodeName, param, value);
}

export function refuseManyParams(nodeName: string, count: number): void {
  if (count <= MAX_NODE_PARAMS) return;
  throw new OperationRefused(`“${nodeName}” has more than ${MAX_NODE_PARAMS} parameters.`);
}

export function refuseLongValue(nodeName: string, param: string, value: ParamValue): void {
  const { values, chars } = sizeOf(value);
  const what = `“${param}” of “${nodeName}” has`;
  if (values > MAX_PARAM_VALUES) {
    throw new OperationRefused(`${what} ${values} values; ${MAX_PARAM_VALUES} are allowed.`);
  }
  if (chars > MAX_PARAM_CHARS) {
    throw new OperationRefused(`${what} ${chars} characters; ${MAX_PARAM_CHARS} are allowed.`);
  }
}

function sizeOf(value: ParamValue): { values: number; chars: number } {
  // As the server counts: a letter beyond the basic plane is one character.
  if (typeof value === 'string') return { values: 1, chars: Array.from(value).length };
  if (typeof value !== 'object' || value === null) return { values: 1, chars: 0 };
  const total = { values: 0, chars: 0 };
  for (const each of value) {
    const { values, chars } = sizeOf(each);
    total.values += values;
    total.chars += chars;
  }
  return { ...total, values: Math.max(1, total.values) };
}
