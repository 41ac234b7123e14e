import { TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { selectOnEntry } from '@/ui';
import { nameProblem } from '../document/names';
import { useDesigner, useEditor } from '../state/DesignerContext';
import classes from './Properties.module.css';

interface IdentifierFieldProps {
  value: string;
  /** Shown above the field; without one, `spoken` names it for screen readers. */
  label?: string;
  spoken?: string;
  /** What to say of a text that something else is called already; null for a free one. */
  takenBy?: (text: string) => string | null;
  onRename: (text: string) => void;
  testId?: string;
  /** The field takes the keyboard whenever this counts up. */
  focusRequests?: number;
}

/** A name that becomes a Python identifier: checked while typing, taken on Enter and on leaving. */
export function IdentifierField({
  value,
  label,
  spoken,
  takenBy,
  onRename,
  testId,
  focusRequests = 0,
}: IdentifierFieldProps) {
  const { panels } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setText(value);
  }
  const answered = useRef(focusRequests);
  useEffect(() => {
    if (answered.current === focusRequests) return;
    answered.current = focusRequests;
    input.current?.focus();
    input.current?.select();
  }, [focusRequests]);

  const taken = text === value ? null : (takenBy?.(text) ?? null);
  const problem = nameProblem(text) ?? taken;
  const commit = (): void => {
    if (problem !== null) setText(value);
    else if (text !== value) onRename(text);
  };
  return (
    <TextInput
      ref={input}
      size="xs"
      label={label}
      aria-label={spoken}
      value={text}
      error={problem}
      readOnly={!canEdit}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: classes.mono ?? '' }}
      data-testid={testId}
      onChange={(event) => setText(event.currentTarget.value)}
      {...selectOnEntry}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          commit();
          panels.canvas?.focus();
        }
        if (event.key === 'Escape') setText(value);
      }}
    />
  );
}
