import { Modal } from '@mantine/core';
import { useState, type KeyboardEvent } from 'react';
import { connectPorts } from '../canvas/useConnecting';
import { lookup } from '../document/records';
import {
  portsOfDesigner,
  useDesigner,
  usePanels,
  useScope,
  type Designer,
} from '../state/DesignerContext';
import type { OpenConnect } from '../state/panels';
import { DESIGNER_IDS } from '../testids';
import classes from './ConnectDialog.module.css';
import { connectOptions, disconnectOptions } from './options';

/** Connecting, and taking connections off, by typing: the list holds only what fits. */
export function ConnectDialog() {
  const { panels } = useDesigner();
  const open = usePanels((state) => state.connecting);
  const name = lookup(useScope().nodes, open?.nodeId ?? '')?.name;
  if (open === null || name === undefined) return null;
  const close = (): void => {
    panels.set({ connecting: null });
    requestAnimationFrame(() => panels.canvas?.focus());
  };
  return (
    <Modal
      opened
      onClose={close}
      title={open.act === 'connect' ? `Connect ${name} to…` : `Disconnect ${name} from…`}
      size={480}
      returnFocus={false}
    >
      <Chooser open={open} onDone={close} />
    </Modal>
  );
}

interface Choice {
  readonly key: string;
  readonly label: string;
  readonly detail: string;
  readonly perform: () => void;
}

function choicesFor(designer: Designer, { act, nodeId }: OpenConnect): Choice[] {
  const { editor } = designer;
  if (act === 'connect') {
    return connectOptions(editor.scope, nodeId, portsOfDesigner(designer)).map((option) => ({
      ...option,
      perform: () => connectPorts(designer, option),
    }));
  }
  return disconnectOptions(editor.scope, nodeId).map(({ key, label }) => ({
    key,
    label,
    detail: '',
    perform: () =>
      void editor.perform(`Disconnect ${label}`, [
        { op: 'remove_edge', scope: editor.scopeId, edge_id: key },
      ]),
  }));
}

const MOST_SHOWN = 200;

function Chooser({ open, onDone }: { open: OpenConnect; onDone: () => void }) {
  const designer = useDesigner();
  const [query, setQuery] = useState('');
  const [index, setIndex] = useState(0);
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const choices = choicesFor(designer, open)
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .slice(0, MOST_SHOWN);
  const chosen = choices[Math.min(index, choices.length - 1)];
  const choose = (choice: Choice): void => {
    choice.perform();
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setIndex(Math.min(index + 1, choices.length - 1));
    else if (event.key === 'ArrowUp') setIndex(Math.max(index - 1, 0));
    else if (event.key === 'Enter' && chosen !== undefined) choose(chosen);
    else return;
    event.preventDefault();
  };
  return (
    // Keys here are meant for the list, not for the network behind it.
    <div onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}>
      <input
        data-autofocus
        className={classes.input}
        placeholder="Search by name"
        aria-label="Search connections"
        role="combobox"
        aria-expanded
        aria-controls="connect-options"
        aria-activedescendant={chosen === undefined ? undefined : `connect-${chosen.key}`}
        data-testid={DESIGNER_IDS.connectInput}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setIndex(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul className={classes.options} id="connect-options" role="listbox" aria-label="Connections">
        {choices.map((choice) => (
          <li
            key={choice.key}
            id={`connect-${choice.key}`}
            ref={choice === chosen ? scrollTo : undefined}
            className={classes.option}
            role="option"
            aria-selected={choice === chosen}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(choice)}
          >
            <span className={classes.label}>{choice.label}</span>
            <span className={classes.detail}>{choice.detail}</span>
          </li>
        ))}
      </ul>
      {choices.length === 0 && <p className={classes.none}>Nothing fits.</p>}
    </div>
  );
}

function scrollTo(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}
