/** Where each problem of an analysis is shown: on a layer, on a block it lies in, on an edge. */

import type { Diagnostic } from '@/api';
import { isSameData } from '../document/records';

type Pinned = ReadonlyMap<string, readonly Diagnostic[]>;

export interface PinnedProblems {
  /** By path for a problem of one use of a block, else by node id. */
  readonly nodes: Pinned;
  /** By path of a block's use, or by id of a block: what is wrong somewhere within. */
  readonly inside: Pinned;
  readonly edges: Pinned;
}

export const NO_PROBLEMS: PinnedProblems = {
  nodes: new Map(),
  inside: new Map(),
  edges: new Map(),
};

/** Lists that came out the same keep their object, so that only changed cards draw. */
export function pinProblems(
  diagnostics: readonly Diagnostic[],
  before: PinnedProblems,
): PinnedProblems {
  const nodes = new Map<string, Diagnostic[]>();
  const inside = new Map<string, Diagnostic[]>();
  const edges = new Map<string, Diagnostic[]>();
  for (const diagnostic of diagnostics) {
    const { node_id: nodeId, path, scope, edge_id: edgeId } = diagnostic;
    if (edgeId != null) add(edges, edgeId, diagnostic);
    if (nodeId == null) continue;
    add(nodes, path ?? nodeId, diagnostic);
    if (path == null) {
      if (scope != null) add(inside, scope, diagnostic);
    } else {
      for (const outer of outerPaths(path)) add(inside, outer, diagnostic);
    }
  }
  return {
    nodes: settled(nodes, before.nodes),
    inside: settled(inside, before.inside),
    edges: settled(edges, before.edges),
  };
}

/** `a/b/c` lies in `a` and in `a/b`. */
export function outerPaths(path: string): string[] {
  const steps = path.split('/');
  return steps.slice(1).map((_, index) => steps.slice(0, index + 1).join('/'));
}

function add(lists: Map<string, Diagnostic[]>, key: string, diagnostic: Diagnostic): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [diagnostic]);
  else list.push(diagnostic);
}

function settled(lists: ReadonlyMap<string, Diagnostic[]>, before: Pinned): Pinned {
  return new Map(
    [...lists].map(([key, list]) => {
      const old = before.get(key);
      return [key, old !== undefined && isSameData(old, list) ? old : list];
    }),
  );
}

/** Problems of a layer itself, where it stands now. */
export function problemsAt(
  problems: PinnedProblems,
  nodeId: string,
  path: string,
): readonly Diagnostic[] {
  const own = problems.nodes.get(nodeId) ?? [];
  return path === nodeId ? own : [...own, ...(problems.nodes.get(path) ?? [])];
}

/** Problems within the block that a layer uses. */
export function problemsInside(
  problems: PinnedProblems,
  blockId: string | null,
  path: string,
): readonly Diagnostic[] {
  if (blockId === null) return [];
  return [...(problems.inside.get(path) ?? []), ...(problems.inside.get(blockId) ?? [])];
}

/** The one a single sign stands for. */
export function worstOf(problems: readonly Diagnostic[]): Diagnostic | undefined {
  return (
    problems.find(({ severity }) => severity === 'error') ??
    problems.find(({ severity }) => severity === 'warning') ??
    problems[0]
  );
}
