import { useMemo, useState } from 'react';
import { portsIn } from '../document/ports';
import { useDesigner, useDocument, useEditor, usePreview } from '../state/DesignerContext';
import { type Editor, type EditorState } from '../state/editor';
import { pagePrefixOf, pathPrefixOf } from '../state/editorPlace';
import { PREVIEW_HEIGHT } from './geometry';
import type { Moved } from './scene';
import { arrange, type Arranged } from './arrangeStage';
import { place } from './placeStage';
import { expandedOn, type PlacedScope, type Stage, type StageSource } from './stage';

/** Lays out one canvas after the other; what an edit leaves as it was keeps its object. */
class StageMemory {
  private last: { readonly arranged: Arranged; readonly stage: Stage } | undefined;

  lay(source: StageSource): { still: Stage; withMoved: (moved: Moved) => Stage } {
    const known = this.last?.arranged.scopeId === source.scopeId ? this.last : undefined;
    const arranged = arrange(source, known?.arranged);
    const still = place(arranged, undefined, known);
    const last = { arranged, stage: still };
    this.last = last;
    return { still, withMoved: (moved) => (moved.size === 0 ? still : place(arranged, moved, last)) };
  }
}

/** What the canvas shows, as the document has it and with what is dragged where the pointer is. */
export function useStage(): { still: Stage; withMoved: (moved: Moved) => Stage } {
  const [memory] = useState(() => new StageMemory());
  const { catalog } = useDesigner();
  const document = useDocument();
  const scopeId = useEditor(({ trail, depth }) => trail[depth - 1]?.blockId ?? null);
  const page = useEditor(pagePrefixOf);
  const expanded = useEditor((state) => state.expanded);
  const below = usePreview((state) => (state.isOn ? PREVIEW_HEIGHT : 0));
  return useMemo(() => {
    const portsOf = portsIn(document, catalog.layerPorts);
    const source = { document, scopeId, portsOf, expanded: expandedOn(page, expanded), below };
    return memory.lay(source);
  }, [memory, document, scopeId, page, expanded, below, catalog]);
}

/** The scope that is edited: the canvas, or a block that is expanded on it. */
export function focusOf(stage: Stage, prefix: string): PlacedScope {
  const found = stage.scopes.find((each) => each.prefix === prefix) ?? stage.scopes[0];
  if (found === undefined) throw new Error('A stage has its canvas');
  return found;
}

/** The part of the path to the edited scope that lies on the canvas. */
export function focusPrefixOf({ state }: { state: Pick<EditorState, 'trail' | 'depth'> }): string {
  return pathPrefixOf(state).slice(pagePrefixOf(state).length);
}

/** Edit in a scope that the canvas shows; what was selected elsewhere is let go. */
export function focusOn(editor: Editor, { steps, prefix }: PlacedScope): void {
  if (focusPrefixOf(editor) === prefix) return;
  const { trail, depth } = editor.state;
  editor.goTo([...trail.slice(0, depth), ...steps], depth);
}
