/** The outline: every scope as a tree, its layers in the order of computation. */

import { lookup } from '../document/records';
import { computationOrder, edgesInto, scopeOf } from '../document/scope';
import type { Document, Node } from '../document/types';

export interface OutlineRow {
  /** The uses of blocks that lead here, and the layer: `instance/inner`. */
  readonly path: string;
  readonly nodeId: string;
  readonly node: Node;
  readonly blockName: string | null;
  /** Names of what feeds it. */
  readonly sources: readonly string[];
  readonly level: number;
  readonly place: number;
  readonly count: number;
  readonly isOpen: boolean;
}

/** Rows from top to bottom; a block's layers follow it while its path is in `open`. */
export function outlineRows(document: Document, open: ReadonlySet<string>): OutlineRow[] {
  const rows: OutlineRow[] = [];
  const add = (scopeId: string | null, prefix: string, level: number): void => {
    const scope = scopeOf(document, scopeId);
    const order = computationOrder(scope);
    for (const [index, nodeId] of order.entries()) {
      const node = lookup(scope.nodes, nodeId);
      if (node === undefined) continue;
      const path = prefix + nodeId;
      const block = node.block === null ? undefined : lookup(document.graph.blocks, node.block);
      const isOpen = block !== undefined && open.has(path);
      const sources = edgesInto(scope, nodeId).map(
        ({ edge }) => lookup(scope.nodes, edge.source.node)?.name ?? edge.source.node,
      );
      const blockName = block?.name ?? null;
      const place = index + 1;
      rows.push({
        path, nodeId, node, blockName, sources, level, place, count: order.length, isOpen,
      }); // prettier-ignore
      if (isOpen) add(node.block, `${path}/`, level + 1);
    }
  };
  add(null, '', 1);
  return rows;
}

export const parentPath = (path: string): string | null => {
  const end = path.lastIndexOf('/');
  return end === -1 ? null : path.slice(0, end);
};

export type OutlineMove =
  | { readonly kind: 'go'; readonly path: string }
  | { readonly kind: 'open' | 'close'; readonly path: string };

/** What a key of a tree does at a row; null for every other key. */
export function moveInTree(
  rows: readonly OutlineRow[],
  index: number,
  key: string,
): OutlineMove | null {
  const row = rows[index];
  if (row === undefined) return null;
  const go = (to: OutlineRow | undefined): OutlineMove => ({ kind: 'go', path: (to ?? row).path });
  switch (key) {
    case 'ArrowDown':
      return go(rows[index + 1]);
    case 'ArrowUp':
      return go(rows[index - 1]);
    case 'Home':
      return go(rows[0]);
    case 'End':
      return go(rows.at(-1));
    case 'ArrowRight':
      if (row.blockName === null) return go(row);
      return row.isOpen ? go(rows[index + 1]) : { kind: 'open', path: row.path };
    case 'ArrowLeft':
      if (row.isOpen) return { kind: 'close', path: row.path };
      return { kind: 'go', path: parentPath(row.path) ?? row.path };
    default:
      return null;
  }
}
