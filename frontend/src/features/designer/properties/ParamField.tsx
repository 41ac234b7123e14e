import { ActionIcon, SegmentedControl, Select, Switch, TextInput, Tooltip } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { selectOnEntry } from '@/ui';
import type { ParamValue } from '../document/types';
import { paramText } from '../state/catalog';
import type { ParamDescription } from '../state/contract';
import { useDesigner, useEditor, usePanels } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { isEmptyList, parseParam, type SharedValue } from './shared';
import classes from './Properties.module.css';

interface ParamFieldProps {
  param: ParamDescription;
  shared: SharedValue;
  isReadOnly: boolean;
  /** What the analyzer says is wrong with this value. */
  problem: string | null;
  /** The problem stands above the form, with its fixes; here the field is only marked. */
  isToldAbove?: boolean;
  onChange: (change: { value: ParamValue } | null) => void;
}

/** One parameter, with the field made for its kind. */
export function ParamField(props: ParamFieldProps) {
  const { param, shared, isReadOnly, onChange, problem, isToldAbove = false } = props;
  const id = `param-${param.name}`;
  const field = useFocusOnRequest(param.name);
  return (
    <div className={classes.field} ref={field} data-problem={problem !== null || undefined}>
      <label className={classes.label} htmlFor={id}>
        <Tooltip label={param.description} disabled={param.description === ''} multiline maw={260}>
          <span>{param.title}</span>
        </Tooltip>
      </label>
      <div className={classes.control}>
        <Control {...props} id={id} />
      </div>
      <div className={classes.reset}>
        {shared.kind !== 'default' && !isReadOnly && !param.is_required && (
          <Tooltip label={`Back to the default: ${paramText(param, param.default)}`}>
            <ActionIcon
              size={22}
              variant="subtle"
              color="gray"
              aria-label={`Reset ${param.title}`}
              onClick={() => onChange(null)}
            >
              <IconArrowBackUp size={14} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      {problem !== null && !isToldAbove && <div className={classes.problem}>{problem}</div>}
    </div>
  );
}

/** A problem that is followed leads to the field it is about. */
function useFocusOnRequest(name: string) {
  const { panels } = useDesigner();
  const isWanted = usePanels((state) => state.focusParam === name);
  const field = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isWanted) return;
    panels.set({ focusParam: null });
    field.current?.scrollIntoView({ block: 'nearest' });
    field.current?.querySelector('input')?.focus();
  }, [isWanted, panels]);
  return field;
}

function Control(props: ParamFieldProps & { id: string }) {
  const { param, shared, isReadOnly, onChange, id } = props;
  const value = shared.kind === 'set' ? shared.value : param.default;
  const testId = DESIGNER_IDS.param(param.name);
  if (param.kind === 'bool') {
    return (
      <Switch
        id={id}
        checked={value === true}
        label={shared.kind === 'mixed' ? 'differs' : undefined}
        disabled={isReadOnly}
        data-testid={testId}
        onChange={(event) => onChange({ value: event.currentTarget.checked })}
      />
    );
  }
  if (param.kind === 'choice') {
    const data = param.choices.map((choice) => ({ value: String(choice), label: String(choice) }));
    const choose = (text: string | null): void => {
      const choice = param.choices.find((each) => String(each) === text);
      if (choice !== undefined) onChange({ value: choice });
    };
    const current = shared.kind === 'mixed' ? null : String(value);
    return fitsSideBySide(data.map(({ label }) => label)) ? (
      <SegmentedControl
        id={id}
        fullWidth
        size="xs"
        data={data}
        value={current ?? ''}
        disabled={isReadOnly}
        data-testid={testId}
        onChange={choose}
      />
    ) : (
      <Select
        id={id}
        size="xs"
        data={data}
        value={current}
        searchable={data.length > SEARCHED_FROM}
        placeholder={shared.kind === 'mixed' ? 'differs' : undefined}
        disabled={isReadOnly}
        data-testid={testId}
        onChange={choose}
      />
    );
  }
  return <TypedField {...props} testId={testId} />;
}

/** Whether choices are read whole beside each other in the width of the panel. */
const fitsSideBySide = (labels: readonly string[]): boolean =>
  labels.length <= 3 && labels.join('').length <= MOST_LETTERS;

const MOST_LETTERS = 16;
/** Lists longer than this are searched by typing. */
const SEARCHED_FROM = 12;

const placeholderOf = (param: ParamDescription): string => {
  if (param.is_required) return 'needed';
  return isEmptyList(param.default) ? 'empty' : paramText(param, param.default);
};

const textOf = (param: ParamDescription, shared: SharedValue): string =>
  shared.kind === 'set' ? paramText(param, shared.value) : '';

/** Numbers, pairs and lists as text. Arrow keys count; what means nothing is not taken. */
function TypedField({
  param,
  shared,
  isReadOnly,
  onChange,
  id,
  testId,
  problem: told,
}: ParamFieldProps & { id: string; testId: string }) {
  const { panels } = useDesigner();
  const graph = useEditor((state) => state.document.graph);
  const [seenGraph, setSeenGraph] = useState(graph);
  const known = textOf(param, shared);
  const [seen, setSeen] = useState(known);
  const [text, setText] = useState(known);
  const [problem, setProblem] = useState<string | null>(null);
  // Leaving the field takes its text; Enter has done so, and would make two operations of one.
  const isTaken = useRef(false);
  // Undo, a fix or another person changed the value: show theirs, and keep the keyboard here. What
  // was refused goes with any other edit, so that no field contradicts the network.
  const isRefusedBefore = problem !== null && graph !== seenGraph;
  if (graph !== seenGraph) setSeenGraph(graph);
  if (known !== seen || isRefusedBefore) {
    setSeen(known);
    setText(known);
    setProblem(null);
  }
  /** False when the text means nothing. */
  const commit = (next: string): boolean => {
    if (next === known) return true;
    if (next.trim() === '' && !param.is_optional && !isEmptyList(param.default)) {
      setText(known);
      setProblem(null);
      return true;
    }
    const parsed = parseParam(param, next);
    if ('problem' in parsed) {
      setProblem(parsed.problem);
      return false;
    }
    setProblem(null);
    onChange(parsed);
    return true;
  };
  const leave = (): void => {
    isTaken.current = true;
    panels.canvas?.focus();
    isTaken.current = false;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && commit(text)) leave();
    if (event.key === 'Escape') {
      setText(known);
      setProblem(null);
    }
    const step = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
    if (step === 0 || param.kind !== 'int') return;
    event.preventDefault();
    const from = text === '' ? Number(param.default ?? 0) : Number(text);
    const next = String(from + step * (event.shiftKey ? 10 : 1));
    if ('problem' in parseParam(param, next)) return;
    setText(next);
    commit(next);
  };
  return (
    <TextInput
      id={id}
      size="xs"
      value={text}
      placeholder={shared.kind === 'mixed' ? 'differs' : placeholderOf(param)}
      error={problem ?? told !== null}
      readOnly={isReadOnly}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: classes.mono ?? '' }}
      rightSection={
        param.unit === '' ? undefined : <span className={classes.unit}>{param.unit}</span>
      }
      data-testid={testId}
      onChange={(event) => setText(event.currentTarget.value)}
      {...selectOnEntry}
      onBlur={() => isTaken.current || commit(text)}
      onKeyDown={onKeyDown}
    />
  );
}
