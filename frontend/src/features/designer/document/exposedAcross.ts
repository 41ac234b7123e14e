/** Exposed parameters whose layers go into a block within their own, or come out of it. */

import { uniqueName } from './names';
import type { Operation } from './operations';
import { lookup } from './records';
import {
  exposedAt,
  targetsOf,
  type BlockDefinition,
  type Document,
  type ExposedTarget,
} from './types';

export type Exposed = BlockDefinition['exposed'];
type Places = readonly ExposedTarget[];

/** The same names, taking effect at other places; a name without any is left out. */
export function retarget(
  exposed: Exposed,
  placesOf: (target: ExposedTarget, name: string) => Places,
): Exposed {
  return Object.fromEntries(
    Object.entries(exposed).flatMap(([name, parameter]) => {
      const places = targetsOf(parameter).flatMap((target) => placesOf(target, name));
      const unique = new Map(places.map((place) => [`${place.node}:${place.param}`, place]));
      const left = exposedAt([...unique.values()]);
      return left === null ? [] : [[name, left] as const];
    }),
  );
}

export interface Reexposed {
  /** Of the block around: taken from what moves, before it does, and given anew afterwards. */
  readonly before: readonly Operation[];
  readonly after: readonly Operation[];
  /** What the inner block has to offer in addition. */
  readonly inner: Exposed;
}

const NOTHING: Reexposed = { before: [], after: [], inner: {} };

/** Parameters of layers that go into the block of an instance: it offers them, for the one around. */
export function reexposeInto(
  document: Document,
  scopeId: string | null,
  instanceId: string,
  moved: ReadonlySet<string>,
  taken: Exposed,
): Reexposed {
  const outer = scopeId === null ? undefined : lookup(document.graph.blocks, scopeId);
  if (scopeId === null || outer === undefined) return NOTHING;
  const names = new Set(Object.keys(taken));
  const given = new Map<string, string>();
  const inner: [string, Exposed[string]][] = [];
  for (const [name, parameter] of Object.entries(outer.exposed)) {
    const left = exposedAt(targetsOf(parameter).filter(({ node }) => moved.has(node)));
    if (left === null) continue;
    const own = uniqueName(name, names);
    names.add(own);
    given.set(name, own);
    inner.push([own, left]);
  }
  if (inner.length === 0) return NOTHING;
  const exposed = retarget(outer.exposed, (target, name) =>
    moved.has(target.node) ? [{ node: instanceId, param: given.get(name) ?? name }] : [target],
  );
  return {
    ...around(scopeId, outer, (node) => moved.has(node), exposed),
    inner: Object.fromEntries(inner),
  };
}

/**
 * Parameters that the block around offers of an instance: of its layers that come out of it, they are
 * offered as they stand.
 *
 * @param placesOf Where a place within the block is afterwards; nowhere else if it stays.
 */
export function reexposeOutOf(
  document: Document,
  scopeId: string | null,
  instanceId: string,
  block: BlockDefinition,
  placesOf: (target: ExposedTarget) => Places | null,
): Reexposed {
  const outer = scopeId === null ? undefined : lookup(document.graph.blocks, scopeId);
  if (scopeId === null || outer === undefined) return NOTHING;
  const exposed = retarget(outer.exposed, (target) => {
    const offered = lookup(block.exposed, target.param);
    if (target.node !== instanceId) return [target];
    if (offered === undefined) return [];
    return targetsOf(offered).flatMap((each) => placesOf(each) ?? [target]);
  });
  const isGone = (node: string): boolean => node === instanceId;
  const isNamed = Object.values(outer.exposed).flatMap(targetsOf).some(({ node }) => isGone(node));
  return isNamed ? { ...around(scopeId, outer, isGone, exposed), inner: {} } : NOTHING;
}

function around(
  scopeId: string,
  outer: BlockDefinition,
  isGone: (nodeId: string) => boolean,
  exposed: Exposed,
): Pick<Reexposed, 'before' | 'after'> {
  const { name, inputs, outputs } = outer;
  const common = { op: 'set_block', block_id: scopeId, name, inputs, outputs } as const;
  const staying = retarget(outer.exposed, (target) => (isGone(target.node) ? [] : [target]));
  return { before: [{ ...common, exposed: staying }], after: [{ ...common, exposed }] };
}
