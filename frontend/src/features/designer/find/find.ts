/** Finding layers by name, type, note, parameters and problems, in every scope of a network. */

import type { Diagnostic } from '@/api';
import { lookup } from '../document/records';
import { computationOrder, scopeOf } from '../document/scope';
import type { Document, Node } from '../document/types';
import { paramText, paramValue, type Catalog } from '../state/catalog';

export interface Found {
  readonly nodeId: string;
  readonly name: string;
  readonly title: string;
  /** Names of the blocks it lies in, from outside in. */
  readonly blocks: readonly string[];
  /** What was found, where it is not the name or the type. */
  readonly why: string;
}

interface Candidate {
  readonly node: Node;
  readonly title: string;
  readonly catalog: Catalog;
  readonly problems: readonly string[];
}

/** Why a layer fits: empty when name or type say so themselves; null when it does not. */
type Test = (candidate: Candidate) => string | null;

/**
 * Layers that fit every word of `query`, in the order of computation; blocks are read where they
 * are first used. `kernel_size=3`, `out_channels>64` and `dropout!=0` compare parameters.
 */
export function findLayers(
  document: Document,
  catalog: Catalog,
  diagnostics: readonly Diagnostic[],
  query: string,
): Found[] {
  const tests = testsOf(query);
  if (tests.length === 0) return [];
  const problems = new Map<string, string[]>();
  for (const { node_id: nodeId, message } of diagnostics) {
    if (nodeId != null) problems.set(nodeId, [...(problems.get(nodeId) ?? []), message]);
  }
  const found: Found[] = [];
  const seen = new Set<string>();
  const visit = (scopeId: string | null, blocks: readonly string[]): void => {
    const scope = scopeOf(document, scopeId);
    for (const nodeId of computationOrder(scope)) {
      const node = lookup(scope.nodes, nodeId);
      if (node === undefined) continue;
      const block = node.block === null ? undefined : lookup(document.graph.blocks, node.block);
      const title = block?.name ?? catalog.byType.get(node.type)?.title ?? node.type;
      const candidate = { node, title, catalog, problems: problems.get(nodeId) ?? [] };
      const reasons = tests.map((test) => test(candidate));
      if (reasons.every((reason) => reason !== null)) {
        const why = [...new Set(reasons)].filter((reason) => reason !== '').join(', ');
        found.push({ nodeId, name: node.name, title, blocks, why });
      }
      if (node.block === null || block === undefined || seen.has(node.block)) continue;
      seen.add(node.block);
      visit(node.block, [...blocks, block.name]);
    }
  };
  visit(null, []);
  return found;
}

function testsOf(query: string): Test[] {
  // “kernel_size = 3” is one word.
  const words = query.trim().replace(/\s*(!=|<=|>=|=|<|>)\s*/g, '$1');
  return words.split(/\s+/).filter(Boolean).map(testOf);
}

function testOf(word: string): Test {
  const comparison = /^([^=<>!]+)(!=|<=|>=|=|<|>)(.*)$/.exec(word);
  const [, name, sign, value] = comparison ?? [];
  if (name !== undefined && sign !== undefined && value !== undefined) {
    return (candidate) => compareParam(candidate, name.toLowerCase(), sign, value.toLowerCase());
  }
  const wanted = word.toLowerCase();
  return (candidate) => findText(candidate, wanted);
}

function findText({ node, title, catalog, problems }: Candidate, wanted: string): string | null {
  const has = (text: string): boolean => text.toLowerCase().includes(wanted);
  const layer = catalog.byType.get(node.type);
  if (has(node.name) || has(title) || has(node.type)) return '';
  if (has(node.note)) return `note: ${node.note}`;
  if (layer?.aliases.some(has) === true) return '';
  const param = layer?.params.find(({ name }) => has(name) && Object.hasOwn(node.params, name));
  if (param !== undefined && layer !== undefined) {
    return `${param.name} ${paramText(param, paramValue(layer, node, param.name))}`;
  }
  if (node.is_frozen && 'frozen'.includes(wanted)) return 'frozen';
  if (problems.length > 0 && 'problems'.startsWith(wanted)) return problems[0] ?? '';
  return problems.find(has) ?? null;
}

function compareParam(
  { node, catalog }: Candidate,
  name: string,
  sign: string,
  value: string,
): string | null {
  const layer = catalog.byType.get(node.type);
  for (const param of layer?.params ?? []) {
    const isMeant = [param.name, param.title.replace(/\s+/g, '_')].some(
      (each) => each.toLowerCase() === name,
    );
    if (layer === undefined || !isMeant) continue;
    const own = paramValue(layer, node, param.name);
    const text = paramText(param, own);
    if (compares(own, text.toLowerCase(), sign, value)) return `${param.name} ${text}`;
  }
  return null;
}

function compares(own: unknown, text: string, sign: string, value: string): boolean {
  const spelled = [String(own).toLowerCase(), text, text.replace(/ × /g, 'x').replace(/, /g, ',')];
  const isAll = Array.isArray(own) && own.length > 0 && own.every((each) => String(each) === value);
  const isSame = spelled.includes(value) || isAll;
  if (sign === '=') return isSame;
  if (sign === '!=') return !isSame;
  const [left, right] = [Number(Array.isArray(own) ? own[0] : own), Number(value)];
  if (own === null || typeof own === 'boolean' || value === '') return false;
  if (Number.isNaN(left) || Number.isNaN(right)) return false;
  switch (sign) {
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '<=':
      return left <= right;
    default:
      return left >= right;
  }
}
