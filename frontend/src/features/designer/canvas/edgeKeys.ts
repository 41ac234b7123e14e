/**
 * Connections by keyboard: Ctrl with an arrow goes from a layer to what arrives at it or leaves it,
 * and on to the next; an arrow alone goes to the layer at that end; Enter goes to the first repair.
 */

import type { KeyboardEvent } from 'react';
import { edgesInto, edgesOutOf } from '../document/scope';
import { lookup } from '../document/records';
import type { Designer } from '../state/DesignerContext';
import { pathPrefixOf } from '../state/editorPlace';
import { DESIGNER_IDS } from '../testids';
import type { Arrow } from './keyboard';

type Side = 'ArrowLeft' | 'ArrowRight';

/** Returns whether the key meant a connection. */
export function onEdgeKey(designer: Designer, event: KeyboardEvent, arrow: Arrow | null): boolean {
  const { editor } = designer;
  const [edgeId] = editor.state.edgeIds;
  const isAlong = arrow === 'ArrowLeft' || arrow === 'ArrowRight';
  const hasMain = event.ctrlKey || event.metaKey;
  const isOnButton = event.target instanceof HTMLButtonElement;
  let isMeant = true;
  if (isAlong && hasMain) chooseEdge(designer, arrow);
  else if (edgeId !== undefined && isAlong) leaveEdge(designer, edgeId, arrow);
  else if (edgeId !== undefined && event.key === 'Enter' && !isOnButton) focusRepair();
  else isMeant = false;
  if (isMeant) event.preventDefault();
  return isMeant;
}

function chooseEdge(designer: Designer, side: Side): void {
  const { editor } = designer;
  const { scope } = editor;
  const [current] = editor.state.edgeIds;
  const known = current === undefined ? undefined : lookup(scope.edges, current);
  const [selected] = [...editor.state.nodeIds].reverse();
  const nodeId = known === undefined ? selected : (side === 'ArrowLeft' ? known.target : known.source).node;
  if (nodeId === undefined) return;
  const edges = side === 'ArrowLeft' ? edgesInto(scope, nodeId) : edgesOutOf(scope, nodeId);
  const index = edges.findIndex(({ id }) => id === current);
  const next = edges[(index + 1) % edges.length];
  if (next === undefined) {
    editor.announce(side === 'ArrowLeft' ? 'Nothing arrives here' : 'Nothing leaves here');
    return;
  }
  editor.select([], [next.id]);
  designer.panels.canvas?.reveal([next.edge.source.node, next.edge.target.node]);
  editor.announce(describeEdge(designer, next.id));
}

function leaveEdge(designer: Designer, edgeId: string, side: Side): void {
  const edge = lookup(designer.editor.scope.edges, edgeId);
  if (edge === undefined) return;
  const nodeId = (side === 'ArrowLeft' ? edge.source : edge.target).node;
  designer.editor.select([nodeId]);
  designer.panels.canvas?.reveal([nodeId]);
}

function focusRepair(): void {
  const repair = `[data-testid="${DESIGNER_IDS.edgeProblem}"] button`;
  document.querySelector<HTMLElement>(repair)?.focus();
}

export function describeEdge({ editor, live }: Designer, edgeId: string): string {
  const edge = lookup(editor.scope.edges, edgeId);
  if (edge === undefined) return '';
  const name = (nodeId: string) => lookup(editor.scope.nodes, nodeId)?.name ?? 'nothing';
  const { nodes, problems } = live.store.getState();
  const shape = lookup(nodes, pathPrefixOf(editor.state) + edge.source.node)?.output_text ?? '';
  const [problem] = problems.edges.get(edgeId) ?? [];
  const parts = [`Connection from ${name(edge.source.node)} to ${name(edge.target.node)}`];
  if (shape !== '') parts.push(`carries ${shape}`);
  if (problem !== undefined) {
    parts.push(problem.message);
    if (problem.fixes.length > 0) parts.push(`Enter goes to ${String(problem.fixes.length)} repairs`);
  }
  return parts.join('. ');
}
