import { useMemo } from 'react';
import { portsIn } from '../document/ports';
import { useDesigner, useDocument, useEditor, usePreview } from '../state/DesignerContext';
import { pagePrefixOf, pathPrefixOf, type Editor, type EditorState } from '../state/editor';
import { PREVIEW_HEIGHT } from './geometry';
import type { Moved } from './scene';
import { arrange, place, type PlacedScope, type Stage } from './stage';

/** What the canvas shows, as the document has it and with what is dragged where the pointer is. */
export function useStage(): { still: Stage; withMoved: (moved: Moved) => Stage } {
  const { catalog } = useDesigner();
  const document = useDocument();
  const scopeId = useEditor(({ trail, depth }) => trail[depth - 1]?.blockId ?? null);
  const page = useEditor(pagePrefixOf);
  const expanded = useEditor((state) => state.expanded);
  const below = usePreview((state) => (state.isOn ? PREVIEW_HEIGHT : 0));
  const arranged = useMemo(() => {
    const portsOf = portsIn(document, catalog.layerPorts);
    const here = [...expanded].filter((path) => path.startsWith(page));
    const paths = new Set(here.map((path) => path.slice(page.length)));
    return arrange({ document, scopeId, portsOf, expanded: paths, below });
  }, [document, scopeId, page, expanded, below, catalog]);
  return useMemo(() => {
    const still = place(arranged);
    return { still, withMoved: (moved) => (moved.size === 0 ? still : place(arranged, moved)) };
  }, [arranged]);
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
