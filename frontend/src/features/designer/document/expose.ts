/** Which settings of its inner layers a block offers to its instances. */

import type { Operation } from './operations';
import { lookup } from './records';
import { instancesOf, scopeOf } from './scope';
import {
  exposedAt,
  targetsOf,
  type BlockDefinition,
  type Document,
  type ExposedParam,
  type ExposedTarget,
  type ParamValue,
} from './types';

type Exposed = Readonly<Record<string, ExposedParam>>;

const isAt = (one: ExposedTarget, { node, param }: ExposedTarget): boolean =>
  one.node === node && one.param === param;

function setExposed(blockId: string, block: BlockDefinition, exposed: Exposed): Operation {
  const { name, inputs, outputs } = block;
  return { op: 'set_block', block_id: blockId, name, inputs, outputs, exposed };
}

/** Offer a parameter under a name; under one that is there already, both take one value. */
export function exposeParam(
  document: Document,
  blockId: string,
  target: ExposedTarget,
  name: string,
): Operation[] {
  const block = lookup(document.graph.blocks, blockId);
  if (block === undefined) return [];
  const known = lookup(block.exposed, name);
  const before = known === undefined ? [] : targetsOf(known);
  const parameter = exposedAt([...before, target]);
  if (parameter === null) return [];
  return [setExposed(blockId, block, { ...block.exposed, [name]: parameter })];
}

/** Offer a parameter no more. What instances set for it goes with its last place. */
export function concealParam(
  document: Document,
  blockId: string,
  target: ExposedTarget,
): Operation[] {
  const block = lookup(document.graph.blocks, blockId);
  if (block === undefined) return [];
  const kept = Object.entries(block.exposed).flatMap(([name, parameter]) => {
    const left = exposedAt(targetsOf(parameter).filter((each) => !isAt(each, target)));
    return left === null ? [] : [[name, left] as const];
  });
  const exposed = Object.fromEntries(kept);
  const gone = Object.keys(block.exposed).filter((name) => !Object.hasOwn(exposed, name));
  return [
    setExposed(blockId, block, exposed),
    ...changeOverrides(document, blockId, (name) => (gone.includes(name) ? null : name)),
  ];
}

/** Call an exposed parameter otherwise; instances, and blocks around them, follow. */
export function renameExposed(
  document: Document,
  blockId: string,
  from: string,
  to: string,
): Operation[] {
  const block = lookup(document.graph.blocks, blockId);
  if (block === undefined || Object.hasOwn(block.exposed, to)) return [];
  const exposed = Object.entries(block.exposed).map(
    ([name, parameter]) => [name === from ? to : name, parameter] as const,
  );
  const operations = [setExposed(blockId, block, Object.fromEntries(exposed))];
  const uses = instancesOf(document, blockId);
  for (const scope of new Set(uses.flatMap((use) => (use.scope === null ? [] : [use.scope])))) {
    const outer = lookup(document.graph.blocks, scope);
    if (outer === undefined) continue;
    const isUse = ({ node, param }: ExposedTarget): boolean =>
      param === from && uses.some((use) => use.scope === scope && use.nodeId === node);
    const changed = Object.entries(outer.exposed).map(([name, parameter]) => {
      const targets = targetsOf(parameter).map((each) =>
        isUse(each) ? { ...each, param: to } : each,
      );
      return [name, exposedAt(targets) ?? parameter] as const;
    });
    operations.push(setExposed(scope, outer, Object.fromEntries(changed)));
  }
  const renamed = (name: string): string => (name === from ? to : name);
  return [...operations, ...changeOverrides(document, blockId, renamed)];
}

/** Give the overrides of all instances other names; null drops one. */
function changeOverrides(
  document: Document,
  blockId: string,
  nameOf: (name: string) => string | null,
): Operation[] {
  return instancesOf(document, blockId).flatMap(({ scope, nodeId }): Operation[] => {
    const overrides = lookup(scopeOf(document, scope).nodes, nodeId)?.overrides ?? {};
    const entries = Object.entries(overrides).flatMap(([name, value]): [string, ParamValue][] => {
      const next = nameOf(name);
      return next === null ? [] : [[next, value]];
    });
    const names = entries.map(([name]) => name);
    if (names.join() === Object.keys(overrides).join()) return [];
    const value = Object.fromEntries(entries);
    return [{ op: 'set_attribute', scope, node_id: nodeId, attribute: 'overrides', value }];
  });
}
