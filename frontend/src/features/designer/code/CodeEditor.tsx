import { useEffect, useMemo, type KeyboardEvent, type RefObject } from 'react';
import { DESIGNER_IDS } from '../testids';
import classes from './CodeView.module.css';
import { tokenize } from './highlight';
import { lineAt, newLine, type SourceProblem } from './places';

interface CodeEditorProps {
  readonly text: string;
  readonly canEdit: boolean;
  /** Lines from 0 that the last edit on the canvas changed. */
  readonly changed: ReadonlySet<number>;
  /** Lines from 1 of what is selected on the canvas. */
  readonly selected: ReadonlySet<number>;
  readonly problems: ReadonlyMap<number, SourceProblem>;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** The lines as they are shown, one element each. */
  readonly shown: RefObject<HTMLPreElement | null>;
  readonly onType: (text: string) => void;
  readonly onApply: () => void;
  readonly onPickLine: (line: number) => void;
}

/** Source with colours under a plain text field, which keeps every habit of the browser's. */
export function CodeEditor(props: CodeEditorProps) {
  const { text, canEdit, changed, selected, problems, field, shown } = props;
  const { onType, onApply, onPickLine } = props;
  const lines = useMemo(() => text.replace(/\n$/, '').split('\n'), [text]);
  const [first] = selected;
  useEffect(() => {
    // A line that was picked here is in view already.
    if (first === undefined || window.document.activeElement === field.current) return;
    shown.current?.children[first - 1]?.scrollIntoView({ block: 'nearest' });
  }, [first, field, shown]);
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== 'Enter' || !canEdit) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      onApply();
      return;
    }
    const { selectionStart, selectionEnd } = event.currentTarget;
    const added = newLine(text, selectionStart);
    const target = event.currentTarget;
    // Typed this way, it stays in the field's own undo.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    if (!window.document.execCommand('insertText', false, added)) {
      target.setRangeText(added, selectionStart, selectionEnd, 'end');
      onType(target.value);
    }
  };
  return (
    <div className={classes.editor}>
      <pre
        ref={shown}
        className={classes.code}
        data-testid={DESIGNER_IDS.code}
        aria-label="PyTorch code"
      >
        {lines.map((line, index) => (
          <CodeLine
            key={index}
            line={line}
            number={index + 1}
            isChanged={changed.has(index)}
            isSelected={selected.has(index + 1)}
            problem={problems.get(index + 1)}
          />
        ))}
      </pre>
      <textarea
        ref={field}
        className={classes.field}
        data-testid={DESIGNER_IDS.codeEditor}
        aria-label={canEdit ? 'Edit the PyTorch code' : 'PyTorch code, to be read only'}
        aria-keyshortcuts="Control+Enter"
        value={text}
        readOnly={!canEdit}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        onChange={(event) => onType(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const { selectionStart, selectionEnd } = event.currentTarget;
          if (selectionStart === selectionEnd) onPickLine(lineAt(text, selectionStart));
        }}
      />
    </div>
  );
}

interface CodeLineProps {
  readonly line: string;
  readonly number: number;
  readonly isChanged: boolean;
  readonly isSelected: boolean;
  readonly problem: SourceProblem | undefined;
}

function CodeLine({ line, number, isChanged, isSelected, problem }: CodeLineProps) {
  return (
    <div
      className={classes.line}
      data-changed={isChanged || undefined}
      data-selected={isSelected || undefined}
      data-problem={problem?.severity}
    >
      <span className={classes.number} aria-hidden title={problem?.message}>
        {number}
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
  );
}
