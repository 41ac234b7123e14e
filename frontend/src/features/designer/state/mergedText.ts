/** What a person is told when edits of others came in between. */

import type { Operation } from '../document/operations';
import { lookup } from '../document/records';
import { scopeOf, scopeOfNode } from '../document/scope';
import type { Document } from '../document/types';
import type { RevisionOperations } from './contract';

const MOST_NAMED = 3;

/** Who changed the network, and which parameters both sides set: there ours are kept. */
export function mergedText(
  others: readonly RevisionOperations[],
  ours: readonly Operation[],
  document: Document,
): string {
  const names = [...new Set(others.flatMap(({ author }) => author ?? []))];
  const who = names.length === 0 ? 'Another page' : names.join(' and ');
  const told = `${who} changed this network meanwhile. Your edits were put on top.`;
  const theirs = parametersSet(others.flatMap(({ operations }) => operations));
  const both = [...parametersSet(ours).values()].filter(({ nodeId, param }) =>
    theirs.has(`${nodeId}.${param}`),
  );
  if (both.length === 0) return told;
  const shown = both.slice(0, MOST_NAMED).map(({ nodeId, param }) => {
    const scope = scopeOfNode(document, nodeId);
    const node = scope === undefined ? undefined : lookup(scopeOf(document, scope).nodes, nodeId);
    return `${param} of ${node?.name ?? 'a layer'}`;
  });
  const more = both.length > MOST_NAMED ? ` and ${both.length - MOST_NAMED} more` : '';
  return `${told} Both set ${shown.join(', ')}${more}: yours is kept.`;
}

function parametersSet(operations: readonly Operation[]) {
  const found = new Map<string, { readonly nodeId: string; readonly param: string }>();
  for (const operation of operations) {
    if (operation.op !== 'set_param') continue;
    const { node_id: nodeId, param } = operation;
    found.set(`${nodeId}.${param}`, { nodeId, param });
  }
  return found;
}
