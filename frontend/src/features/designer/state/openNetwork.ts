/** Putting the parts of an open network together. */

import { asProblem, OFFLINE } from '@/api';
import { OperationRefused } from '../document/operations';
import { parseDocument } from '../document/parse';
import type { Document } from '../document/types';
import { analyzeDocument, getNetwork, getSaves, readConflict, saveOperations } from './api';
import type { Catalog } from './catalog';
import { Comparing } from './comparing';
import type { Network } from './contract';
import type { Designer } from './DesignerContext';
import { DraftBox } from './drafts';
import { Editor } from './editor';
import { keepExpanded, readExpanded } from './expanded';
import { LiveAnalysis } from './liveAnalysis';
import { LivePreview } from './livePreview';
import { Panels } from './panels';
import { previewPorts } from './previewPorts';
import { Shortcuts } from './shortcuts';
import { Standings, standingsOf } from './standing';
import { withUnsaved } from './batches';
import { Saver } from './saver';
import type { SendResult, Unsaved } from './saverPorts';

export interface OpenNetwork extends Designer {
  /** Begin saving; returns how to leave. */
  readonly start: () => () => void;
}

interface Person {
  readonly id: string;
  readonly name: string;
}

export function openNetwork(network: Network, catalog: Catalog, person: Person): OpenNetwork {
  const document = parseDocument(network.document);
  const editor = new Editor(document, network.can_edit, readExpanded(network.id));
  const live = new LiveAnalysis(analyzeDocument);
  live.accept(network.analysis, document, network.dataset_id);
  const standings = new Standings(standingsOf(network.id));
  const panels = new Panels();
  const preview = new LivePreview(previewPorts(network.id));
  // The saver names this tab, and the drafts of the tab are kept under that name.
  const saver: Saver = new Saver(document, network.revision, {
    send: async (batch, baseRevision, clientId): Promise<SendResult> => {
      try {
        const { revision } = await saveOperations(network.id, {
          base_revision: baseRevision,
          operations: batch.operations,
          gesture: batch.gesture,
          client_id: clientId,
        });
        return { kind: 'saved', revision };
      } catch (error) {
        return failedSend(error);
      }
    },
    fetchSaves: (since) => getSaves(network.id, since),
    fetchLatest: async () => {
      const latest = await getNetwork(network.id);
      return { revision: latest.revision, document: parseDocument(latest.document) };
    },
    keep: (unsaved) => void drafts.keep(unsaved),
    adopt: (next) => editor.adopt(next),
    note: (text) => editor.say(text),
    ownName: person.name,
  });
  const drafts = new DraftBox(person.id, network.id, saver.clientId, (isKept) =>
    saver.draftKept(isKept),
  );
  editor.onOperations((operations, label) => saver.push(operations, label));
  const start = (): (() => void) => {
    const leave = [drafts.listen(), flushWhenLeaving(saver), keepExpanded(network.id, editor)];
    saver.start();
    void drafts.claim().then((unsaved) => {
      if (unsaved !== null) restore(editor, saver, unsaved);
    });
    return () => {
      for (const each of leave) each();
      live.stop();
      preview.stop();
      standings.stop();
      void saver.stop();
    };
  };
  return {
    networkId: network.id,
    projectId: network.project_id,
    catalog,
    editor,
    saver,
    live,
    panels,
    comparing: new Comparing(),
    preview,
    standings,
    shortcuts: new Shortcuts(`netloom-shortcuts:${person.id}`),
    start,
  };
}

function failedSend(error: unknown): SendResult {
  const problem = asProblem(error);
  if (problem.status === 500) return { kind: 'broken', reason: problem.message };
  const isAway = problem.code === OFFLINE || problem.status > 500 || problem.status === 401;
  if (isAway || problem.status === 429) return { kind: 'offline' };
  if (problem.code === 'revision_conflict') {
    return { kind: 'conflict', conflict: readConflict(problem.data) };
  }
  return { kind: 'refused', reason: problem.message };
}

/** Put edits of a page that is gone back on the canvas, and save them. */
function restore(editor: Editor, saver: Saver, unsaved: Unsaved): void {
  const isSameBase = unsaved.baseRevision === saver.revision && !saver.hasUnsaved;
  if (isSameBase) {
    const restored = tryUnsaved(editor.state.document, unsaved);
    if (restored !== null) editor.adopt(restored);
  }
  saver.resume(unsaved);
  editor.say('Edits that were not saved last time are back.');
}

function tryUnsaved(document: Document, unsaved: Unsaved): Document | null {
  try {
    return withUnsaved(document, unsaved);
  } catch (error) {
    if (error instanceof OperationRefused) return null;
    throw error;
  }
}

function flushWhenLeaving(saver: Saver): () => void {
  const flush = (): void => {
    if (document.visibilityState === 'hidden') void saver.flush();
  };
  const online = (): void => void saver.flush();
  const warn = (event: BeforeUnloadEvent): void => {
    if (saver.hasUnsaved && !saver.store.getState().isKept) event.preventDefault();
  };
  document.addEventListener('visibilitychange', flush);
  window.addEventListener('beforeunload', warn);
  window.addEventListener('pagehide', online);
  window.addEventListener('online', online);
  return () => {
    document.removeEventListener('visibilitychange', flush);
    window.removeEventListener('beforeunload', warn);
    window.removeEventListener('pagehide', online);
    window.removeEventListener('online', online);
  };
}
