/** What React Flow says is selected, as ids of the scope it lies in: a selection has one scope. */

import type { EdgeChange, NodeChange } from '@xyflow/react';
import type { Designer } from '../state/DesignerContext';
import { asFramePath, idOfPath, prefixOfPath, type CanvasNode, type TensorEdge } from './flowElements';
import type { Stage } from './stage';
import { focusOn, focusPrefixOf } from './useStage';

interface Change {
  readonly path: string;
  readonly isFrame: boolean;
  readonly selected: boolean;
}

/** Edit in the outermost scope that something was selected in. */
function follow({ editor }: Designer, stage: Stage, changes: readonly Change[]): void {
  const chosen = changes.filter(({ selected }) => selected);
  const prefixes = new Set(chosen.map(({ path }) => prefixOfPath(path)));
  const isHere = prefixes.size === 0 || (prefixes.size === 1 && prefixes.has(focusPrefixOf(editor)));
  if (isHere) return;
  const outermost = stage.scopes.find(({ prefix }) => prefixes.has(prefix));
  if (outermost !== undefined) focusOn(editor, outermost);
}

function changed(
  before: ReadonlySet<string>,
  changes: readonly Change[],
  prefix: string,
): ReadonlySet<string> {
  const after = new Set(before);
  for (const { path, selected } of changes) {
    if (prefixOfPath(path) !== prefix) continue;
    if (selected) after.add(idOfPath(path));
    else after.delete(idOfPath(path));
  }
  return after;
}

export function applyNodeSelection(
  designer: Designer,
  stage: Stage,
  flowChanges: readonly NodeChange<CanvasNode>[],
): void {
  const changes = flowChanges.flatMap((change): Change[] => {
    if (change.type !== 'select') return [];
    const framePath = asFramePath(change.id);
    const path = framePath ?? change.id;
    return [{ path, isFrame: framePath !== null, selected: change.selected }];
  });
  if (changes.length === 0) return;
  follow(designer, stage, changes);
  const { editor } = designer;
  const prefix = focusPrefixOf(editor);
  const { nodeIds, edgeIds, frameIds } = editor.state;
  const layers = changes.filter(({ isFrame }) => !isFrame);
  const frames = changes.filter(({ isFrame }) => isFrame);
  editor.select(changed(nodeIds, layers, prefix), edgeIds, changed(frameIds, frames, prefix));
}

export function applyEdgeSelection(
  designer: Designer,
  stage: Stage,
  flowChanges: readonly EdgeChange<TensorEdge>[],
): void {
  const changes = flowChanges.flatMap((change): Change[] =>
    change.type === 'select'
      ? [{ path: change.id, isFrame: false, selected: change.selected }]
      : [],
  );
  if (changes.length === 0) return;
  follow(designer, stage, changes);
  const { editor } = designer;
  const { nodeIds, edgeIds, frameIds } = editor.state;
  editor.select(nodeIds, changed(edgeIds, changes, focusPrefixOf(editor)), frameIds);
}
