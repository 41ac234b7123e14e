import { useEffect, useRef, useState } from 'react';
import { asProblem, type Diagnostic } from '@/api';
import { plural } from '@/lib';
import type { Document } from '../document/types';
import { generateCode } from '../state/api';
import { useAnalysis, useDocument } from '../state/DesignerContext';
import { changedLines } from './highlight';

export interface GeneratedCode {
  readonly source: string;
  readonly fileName: string;
  /** What the last edit changed: line numbers from 0. */
  readonly changed: ReadonlySet<number>;
  /** The network it was written from. */
  readonly document: Document;
}

const DEBOUNCE_MS = 150;

/** The network as source, as it is on the canvas now; or why there is none. */
export function useGeneratedCode(): { code: GeneratedCode | null; problem: string | null } {
  const document = useDocument();
  const isStale = useAnalysis((state) => state.isStale);
  const obstacle = useAnalysis((state) => obstacleOf(state.analysis?.diagnostics ?? []));
  const [code, setCode] = useState<GeneratedCode | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const latest = useRef<readonly string[] | null>(null);
  const { graph } = document;
  const current = useRef(document);
  useEffect(() => {
    current.current = document;
  }, [document]);
  useEffect(() => {
    // There is no code of a network with errors: the analysis knows, so nobody has to be asked.
    if (isStale || obstacle !== null) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const written = current.current;
      generateCode(written, controller.signal)
        .then(({ source, file_name }) => {
          const lines = source.trimEnd().split('\n');
          const changed =
            latest.current === null ? new Set<number>() : changedLines(latest.current, lines);
          latest.current = lines;
          const text = `${lines.join('\n')}\n`;
          setCode({ source: text, fileName: file_name, changed, document: written });
          setProblem(null);
        })
        .catch((error: unknown) => {
          if (!controller.signal.aborted) setProblem(asProblem(error).message);
        });
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [graph, isStale, obstacle]);
  return { code, problem: obstacle ?? problem };
}

/** Why there is no code, as a sentence; another number of classes than the data's is no reason. */
function obstacleOf(diagnostics: readonly Diagnostic[]): string | null {
  const errors = diagnostics.filter(
    ({ severity, code }) => severity === 'error' && code !== 'class_count_mismatch',
  );
  const [first] = errors;
  if (first === undefined) return null;
  return `${plural(errors.length, 'problem')} to fix first. ${first.message}`;
}
