import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import { portsIn, type PortsOf } from '../document/ports';
import { scopeOf } from '../document/scope';
import type { Document, Graph, Scope } from '../document/types';
import type { Catalog } from './catalog';
import type { Comparing } from './comparing';
import { type Editor, type EditorState } from './editor';
import { scopeIdOf } from './editorPlace';
import type { AnalysisState, LiveAnalysis } from './liveAnalysis';
import type { LivePreview, PreviewState } from './livePreview';
import type { Panels, PanelsState } from './panels';
import type { Saver } from './saver';
import type { SaverState } from './saverPorts';
import type { Standings } from './standing';
import { shortcutText, type Shortcuts } from './shortcuts';
import type { DesignerCommand } from './commands';

/** Everything an open network is made of. The object stays the same while the page is open. */
export interface Designer {
  readonly networkId: string;
  readonly projectId: string;
  readonly catalog: Catalog;
  readonly editor: Editor;
  readonly saver: Saver;
  readonly live: LiveAnalysis;
  readonly panels: Panels;
  readonly comparing: Comparing;
  readonly preview: LivePreview;
  readonly shortcuts: Shortcuts;
  readonly standings: Standings;
}

const Context = createContext<Designer | null>(null);

export const DesignerProvider = Context.Provider;

export function useDesigner(): Designer {
  const designer = useContext(Context);
  if (designer === null) throw new Error('useDesigner is used outside of an open network');
  return designer;
}

export function useEditor<T>(selector: (state: EditorState) => T): T {
  return useStore(useDesigner().editor.store, selector);
}

export function useAnalysis<T>(selector: (state: AnalysisState) => T): T {
  return useStore(useDesigner().live.store, selector);
}

export function usePanels<T>(selector: (state: PanelsState) => T): T {
  return useStore(useDesigner().panels.store, selector);
}

export function usePreview<T>(selector: (state: PreviewState) => T): T {
  return useStore(useDesigner().preview.store, selector);
}

export function useSaver<T>(selector: (state: SaverState) => T): T {
  return useStore(useDesigner().saver.store, selector);
}

/** The keys of a command as people read them; undefined when it has none. */
export function useShortcut(command: DesignerCommand | undefined): string | undefined {
  return useStore(useDesigner().shortcuts.store, ({ changed }) =>
    command === undefined ? undefined : shortcutText(changed, command),
  );
}

export function useDocument(): Document {
  return useEditor((state) => state.document);
}

/** What is computed; as it was when things only moved. */
export function useGraph(): Graph {
  return useEditor((state) => state.document.graph);
}

export function useScopeId(): string | null {
  return useEditor(scopeIdOf);
}

export function useScope(): Scope {
  return useEditor((state) => scopeOf(state.document, scopeIdOf(state)));
}

/** Ports of the nodes of a document, as of now. */
export function portsOfDesigner({ editor, catalog }: Designer): PortsOf {
  return portsIn(editor.state.document, catalog.layerPorts);
}
