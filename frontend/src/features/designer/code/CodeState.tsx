import { Button } from '@mantine/core';
import { plural } from '@/lib';
import { DESIGNER_IDS } from '../testids';
import classes from './CodeView.module.css';
import type { SourceProblem } from './places';
import type { CodeDraft } from './useCodeDraft';

/** What became of what was typed, and what can be done with it. */
export function CodeState({ draft, canApply }: { draft: CodeDraft; canApply: boolean }) {
  if (!draft.isEdited) return null;
  const { reading, isOvertaken } = draft;
  const isPartial = reading !== null && !reading.is_complete;
  return (
    <div className={classes.state} role="status" data-testid={DESIGNER_IDS.codeState}>
      <span className={classes.words}>{stateText(draft)}</span>
      {isOvertaken && (
        <Button size="compact-xs" variant="default" onClick={draft.rebase}>
          Keep what I typed
        </Button>
      )}
      <Button
        size="compact-xs"
        variant="default"
        data-testid={DESIGNER_IDS.codeDiscard}
        onClick={draft.discard}
      >
        {isOvertaken ? 'Reload from the canvas' : 'Discard'}
      </Button>
      <Button
        size="compact-xs"
        data-testid={DESIGNER_IDS.codeApply}
        disabled={!canApply}
        title="Ctrl Enter"
        onClick={draft.apply}
      >
        {isPartial ? 'Apply the rest' : 'Apply'}
      </Button>
    </div>
  );
}

function stateText({ reading, failure, isOvertaken }: CodeDraft): string {
  if (isOvertaken) return 'The canvas was changed while you typed.';
  if (failure !== null) return failure;
  if (reading === null) return 'Reading…';
  const errors = reading.problems.filter(({ severity }) => severity === 'error').length;
  const edits = reading.operations.length;
  if (errors > 0) {
    const rest = edits === 0 ? 'nothing else changes' : `${plural(edits, 'argument')} can be set`;
    return `${plural(errors, 'line')} cannot be read; ${rest}.`;
  }
  return edits === 0 ? 'This says the same network.' : `${plural(edits, 'edit')} to the network.`;
}

interface CodeProblemsProps {
  readonly problems: readonly SourceProblem[];
  readonly onGoTo: (line: number) => void;
}

/** Everything that is to be said about lines, each a step to its place. */
export function CodeProblems({ problems, onGoTo }: CodeProblemsProps) {
  if (problems.length === 0) return null;
  return (
    <ul className={classes.problems} aria-label="What the code does not say clearly">
      {problems.slice(0, 20).map((problem) => (
        <li key={`${problem.line}:${problem.column}:${problem.message}`}>
          <button
            type="button"
            data-testid={DESIGNER_IDS.codeProblem}
            data-severity={problem.severity}
            onClick={() => onGoTo(problem.line)}
          >
            <b>Line {problem.line}</b> {problem.message}
          </button>
        </li>
      ))}
    </ul>
  );
}
