/** Connecting ports, with the reason when it cannot be done. */

import { applyOperations } from './apply';
import { newId } from './ids';
import type { Operation } from './operations';
import type { PortsOf } from './ports';
import { lookup } from './records';
import { edgesInto, isSameEndpoint, reachableFrom, scopeOf } from './scope';
import type { Document, Endpoint } from './types';

/** Why `source` cannot be connected to `target`, as a sentence; null when it can. */
export function connectionProblem(
  document: Document,
  scopeId: string | null,
  source: Endpoint,
  target: Endpoint,
  portsOf: PortsOf,
): string | null {
  const scope = scopeOf(document, scopeId);
  const from = lookup(scope.nodes, source.node);
  const to = lookup(scope.nodes, target.node);
  if (from === undefined || to === undefined) return 'One of the two layers is gone.';
  if (source.node === target.node) return `${from.name} cannot feed itself.`;
  if (!portsOf(from).outputs.includes(source.port)) return `${from.name} gives nothing there.`;
  if (!portsOf(to).inputs.includes(target.port)) return `${to.name} takes nothing there.`;
  const holder = edgesInto(scope, target.node).find(({ edge }) =>
    isSameEndpoint(edge.target, target),
  );
  if (holder !== undefined) {
    const other = lookup(scope.nodes, holder.edge.source.node)?.name ?? 'another layer';
    return `An input takes one tensor, and ${other} already feeds this one.`;
  }
  if (reachableFrom(scope, [target.node]).has(source.node)) {
    return `That would close a cycle: ${to.name} already leads to ${from.name}.`;
  }
  return null;
}

export interface ConnectionPlan {
  readonly operations: readonly Operation[];
  /** Name of the layer that fed the input before. */
  readonly replaced: string | null;
}

/** Connect two ports; what fed the input before makes room, in the same step. */
export function planConnection(
  document: Document,
  scopeId: string | null,
  source: Endpoint,
  target: Endpoint,
  portsOf: PortsOf,
): ConnectionPlan | { readonly refused: string } {
  const scope = scopeOf(document, scopeId);
  const holder = edgesInto(scope, target.node).find(({ edge }) =>
    isSameEndpoint(edge.target, target),
  );
  const before = holder === undefined ? undefined : lookup(scope.nodes, holder.edge.source.node);
  if (holder !== undefined && isSameEndpoint(holder.edge.source, source)) {
    return { refused: `${before?.name ?? 'That layer'} already feeds this input.` };
  }
  const removal: Operation[] =
    holder === undefined ? [] : [{ op: 'remove_edge', scope: scopeId, edge_id: holder.id }];
  const cleared = applyOperations(document, removal).document;
  const problem = connectionProblem(cleared, scopeId, source, target, portsOf);
  if (problem !== null) return { refused: problem };
  return {
    operations: [...removal, connect(scopeId, source, target)],
    replaced: holder === undefined ? null : (before?.name ?? 'another layer'),
  };
}

export function connect(scope: string | null, source: Endpoint, target: Endpoint): Operation {
  return { op: 'add_edge', scope, edge_id: newId(), edge: { source, target } };
}
