import { useEffect, useState } from 'react';
import { asProblem } from '@/api';
import type { Document } from '../document/types';
import { readCode, type CodeReading } from '../state/api';
import { useDesigner, useDocument } from '../state/DesignerContext';
import type { GeneratedCode } from './useGeneratedCode';

/** What somebody types, and the network it is an edit of. */
interface Draft {
  readonly text: string;
  readonly base: Document;
}

interface Read {
  readonly text: string;
  readonly base: Document;
  readonly reading: CodeReading | null;
  readonly failure: string | null;
}

export interface CodeDraft {
  readonly text: string;
  readonly isEdited: boolean;
  /** The canvas was edited since typing began. */
  readonly isOvertaken: boolean;
  /** What the text says; null while it is being read. */
  readonly reading: CodeReading | null;
  readonly failure: string | null;
  readonly type: (text: string) => void;
  readonly apply: () => boolean;
  readonly discard: () => void;
  /** Read what was typed as an edit of the network as it is now. */
  readonly rebase: () => void;
}

const DEBOUNCE_MS = 250;

/** Text that follows the canvas until somebody types; then it is read, and waits to be applied. */
export function useCodeDraft(code: GeneratedCode | null): CodeDraft {
  const { editor } = useDesigner();
  const document = useDocument();
  const [draft, setDraft] = useState<Draft | null>(null);
  const [read, setRead] = useState<Read | null>(null);
  const text = draft?.text ?? code?.source ?? '';
  const base = draft?.base ?? code?.document ?? null;
  useEffect(() => {
    if (base === null || text === '') return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      readCode(base, text, controller.signal)
        .then((reading) => setRead({ text, base, reading, failure: null }))
        .catch((error: unknown) => {
          if (controller.signal.aborted) return;
          setRead({ text, base, reading: null, failure: asProblem(error).message });
        });
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [base, text]);
  const current = read?.text === text && read.base === base ? read : null;
  const reading = current?.reading ?? null;
  const isOvertaken = draft !== null && draft.base.graph !== document.graph;
  return {
    text,
    isEdited: draft !== null,
    isOvertaken,
    reading,
    failure: current?.failure ?? null,
    type: (typed) => {
      if (code === null) return;
      const from = draft?.base ?? code.document;
      setDraft(typed === code.source && from === code.document ? null : { text: typed, base: from });
    },
    apply: () => {
      if (reading === null || isOvertaken) return false;
      const isDone = editor.perform('Edit the code', reading.operations);
      if (isDone) setDraft(null);
      return isDone;
    },
    discard: () => setDraft(null),
    rebase: () => setDraft(draft === null ? null : { ...draft, base: document }),
  };
}
