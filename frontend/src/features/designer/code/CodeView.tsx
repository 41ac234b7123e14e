import { ActionIcon, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload, IconNotebook } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { asProblem } from '@/api';
import { useGoTo } from '../analysis/useGoTo';
import { generateNotebook } from '../state/api';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { CodeEditor } from './CodeEditor';
import { CodeProblems, CodeState } from './CodeState';
import classes from './CodeView.module.css';
import { copyText } from './copyText';
import { lineRange, linesOfNodes, nodeAtLine, problemsByLine } from './places';
import { useCodeDraft } from './useCodeDraft';
import { useGeneratedCode } from './useGeneratedCode';

const NO_LINES: ReadonlySet<number> = new Set();

/** The network as PyTorch source, as it is on the canvas now; edited here, it is read back. */
export default function CodeView() {
  const { code, problem } = useGeneratedCode();
  const draft = useCodeDraft(code);
  const canEdit = useEditor((state) => state.canEdit);
  const nodeIds = useEditor((state) => state.nodeIds);
  const goTo = useGoTo();
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = useRef<HTMLPreElement>(null);
  const { reading } = draft;
  const selected = useMemo(() => linesOfNodes(reading?.places ?? [], nodeIds), [reading, nodeIds]);
  const problems = useMemo(() => problemsByLine(reading?.problems ?? []), [reading]);
  if (code === null) return <p className={classes.none}>{problem ?? 'Writing the code…'}</p>;
  const canApply = reading !== null && reading.operations.length > 0 && !draft.isOvertaken;
  const goToLine = (line: number): void => {
    // The field is as high as the text, so the browser would not scroll to the line by itself.
    field.current?.focus({ preventScroll: true });
    field.current?.setSelectionRange(...lineRange(draft.text, line));
    shown.current?.children[line - 1]?.scrollIntoView({ block: 'center' });
  };
  return (
    <div className={classes.root}>
      {problem !== null && (
        <p className={classes.stale}>{problem} Below is the last that worked.</p>
      )}
      <div className={classes.head}>
        <CodeState draft={draft} canApply={canApply} />
        <CodeTools source={draft.text} fileName={code.fileName} />
      </div>
      {draft.isEdited && <CodeProblems problems={reading?.problems ?? []} onGoTo={goToLine} />}
      <CodeEditor
        text={draft.text}
        canEdit={canEdit}
        changed={draft.isEdited ? NO_LINES : code.changed}
        selected={selected}
        problems={problems}
        field={field}
        shown={shown}
        onType={draft.type}
        onApply={() => {
          if (canApply) draft.apply();
        }}
        onPickLine={(line) => {
          const nodeId = nodeAtLine(reading?.places ?? [], line);
          if (nodeId !== null) goTo({ nodeId });
        }}
      />
    </div>
  );
}

function CodeTools({ source, fileName }: { source: string; fileName: string }) {
  const { editor } = useDesigner();
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    setCopied(copyText(source));
    setTimeout(() => setCopied(false), 1500);
  };
  const downloadNotebook = (): void => {
    generateNotebook(editor.state.document)
      .then(({ content, file_name }) => download(file_name, content, 'application/x-ipynb+json'))
      .catch((error: unknown) => editor.say(asProblem(error).message));
  };
  return (
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
      <Tooltip label={`Download ${fileName}`}>
        <ActionIcon
          variant="default"
          aria-label="Download the code"
          onClick={() => download(fileName, source, 'text/x-python')}
        >
          <IconDownload size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Download a Jupyter notebook that trains it">
        <ActionIcon
          variant="default"
          aria-label="Download a Jupyter notebook"
          data-testid={DESIGNER_IDS.notebook}
          onClick={downloadNotebook}
        >
          <IconNotebook size={16} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function download(fileName: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = window.document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
