import { ActionIcon, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { asProblem, type Diagnostic } from '@/api';
import { plural } from '@/lib';
import { generateCode } from '../state/api';
import { useAnalysis, useDocument } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './CodeView.module.css';
import { copyText } from './copyText';
import { changedLines, tokenize } from './highlight';

interface Shown {
  readonly lines: readonly string[];
  readonly fileName: string;
  readonly changed: ReadonlySet<number>;
}

const DEBOUNCE_MS = 150;

/** The network as PyTorch source, as it is on the canvas now. What the last edit changed is marked. */
export function CodeView() {
  const { code, problem } = useCode();
  const [isCopied, setCopied] = useState(false);
  if (code === null) return <p className={classes.none}>{problem ?? 'Writing the code…'}</p>;
  const source = `${code.lines.join('\n')}\n`;
  const copy = (): void => {
    setCopied(copyText(source));
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div className={classes.root}>
      {problem !== null && (
        <p className={classes.stale}>{problem} Below is the last that worked.</p>
      )}
      <div className={classes.tools}>
        <Tooltip label={isCopied ? 'Copied' : 'Copy'}>
          <ActionIcon
            variant="default"
            aria-label="Copy the code"
            data-testid={DESIGNER_IDS.copyCode}
            onClick={copy}
          >
            {isCopied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label={`Download ${code.fileName}`}>
          <ActionIcon
            variant="default"
            aria-label="Download the code"
            onClick={() => download(code.fileName, source)}
          >
            <IconDownload size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      <pre
        className={classes.code}
        data-testid={DESIGNER_IDS.code}
        tabIndex={0}
        aria-label="PyTorch code"
      >
        {code.lines.map((line, index) => (
          <div
            key={index}
            className={classes.line}
            data-changed={code.changed.has(index) || undefined}
          >
            <span className={classes.number} aria-hidden>
              {index + 1}
            </span>
            <code>
              {tokenize(line).map((token, position) => (
                <span key={position} className={classes[token.kind]}>
                  {token.text}
                </span>
              ))}
              {line === '' && '\n'}
            </code>
          </div>
        ))}
      </pre>
    </div>
  );
}

function useCode(): { code: Shown | null; problem: string | null } {
  const document = useDocument();
  const isStale = useAnalysis((state) => state.isStale);
  const obstacle = useAnalysis((state) => obstacleOf(state.analysis?.diagnostics ?? []));
  const [code, setCode] = useState<Shown | null>(null);
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
      generateCode(current.current, controller.signal)
        .then(({ source, file_name }) => {
          const lines = source.trimEnd().split('\n');
          const changed =
            latest.current === null ? new Set<number>() : changedLines(latest.current, lines);
          latest.current = lines;
          setCode({ lines, fileName: file_name, changed });
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

function download(fileName: string, source: string): void {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/x-python' }));
  const link = window.document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
