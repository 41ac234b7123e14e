import { Button } from '@mantine/core';
import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useStore } from 'zustand';
import { COMMANDS, type DesignerCommand } from '../state/commands';
import { useDesigner } from '../state/DesignerContext';
import { chordsOf, chordText, takenFor, type Chord } from '../state/keys';
import { keysOf } from '../state/shortcuts';
import { DESIGNER_IDS } from '../testids';
import classes from './Shortcuts.module.css';

interface ShortcutRowProps {
  command: DesignerCommand;
  isRecording: boolean;
  onRecord: (isOn: boolean) => void;
}

/** One command: its keys, and recording others in their place. */
export function ShortcutRow({ command, isRecording, onRecord }: ShortcutRowProps) {
  const { shortcuts } = useDesigner();
  const changed = useStore(shortcuts.store, (state) => state.changed);
  const keys = keysOf(changed, command);
  const isChanged = Object.hasOwn(changed, command.id);
  const change = useRef<HTMLButtonElement>(null);
  const wasRecording = useRef(false);
  useEffect(() => {
    // The field that recorded is gone, and the focus with it.
    const isLost = document.activeElement === document.body;
    if (wasRecording.current && !isRecording && isLost) change.current?.focus();
    wasRecording.current = isRecording;
  }, [isRecording]);
  return (
    <li className={classes.row} data-testid={DESIGNER_IDS.shortcut(command.id)}>
      <span className={classes.label}>{command.label}</span>
      {isRecording ? (
        <Recorder command={command} onDone={() => onRecord(false)} />
      ) : (
        <>
          <span className={classes.keys}>
            {keys.length === 0 && <span className={classes.noKeys}>no keys</span>}
            {keys.map((chord) => (
              <kbd key={chord}>{chordText(chord)}</kbd>
            ))}
          </span>
          <span className={classes.acts}>
            {isChanged && (
              <Act label={`Reset ${command.label}`} onClick={() => shortcuts.reset(command)}>
                Reset
              </Act>
            )}
            {keys.length > 0 && (
              <Act label={`Remove the keys of ${command.label}`} onClick={() => shortcuts.clear(command)}>
                Remove
              </Act>
            )}
            <Act
              label={`Change the keys of ${command.label}`}
              button={change}
              onClick={() => onRecord(true)}
            >
              Change
            </Act>
          </span>
        </>
      )}
    </li>
  );
}

interface ActProps {
  label: string;
  button?: RefObject<HTMLButtonElement | null>;
  onClick: () => void;
  children: string;
}

function Act({ label, button, onClick, children }: ActProps) {
  return (
    <Button ref={button} size="compact-xs" variant="subtle" aria-label={label} onClick={onClick}>
      {children}
    </Button>
  );
}

/** Takes the next combination that is pressed, and asks where another command has it. */
function Recorder({ command, onDone }: { command: DesignerCommand; onDone: () => void }) {
  const { editor, shortcuts } = useDesigner();
  const [wanted, setWanted] = useState<Chord | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const finish = (chord: Chord): void => {
    shortcuts.assign(COMMANDS, command, chord);
    editor.announce(`${command.label} is ${chordText(chord)}`);
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chords = chordsOf(event.nativeEvent);
    // Tab leaves the field, as everywhere.
    if (event.key === 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    const [first] = chords;
    if (first === undefined) return;
    if (first === 'Escape' && command.keys?.includes('Escape') !== true) {
      onDone();
      return;
    }
    const taken = chords.map(takenFor).find((use) => use !== null);
    if (taken !== undefined) {
      setRefusal(`${chordText(first)} ${taken}.`);
      return;
    }
    setRefusal(null);
    const held = chords.find((chord) => shortcuts.holders(COMMANDS, command, [chord]).length > 0);
    if (held === undefined) finish(first);
    else setWanted(held);
  };
  if (wanted !== null) {
    const names = shortcuts.holders(COMMANDS, command, [wanted]).map(({ label }) => `“${label}”`);
    return (
      <Conflict
        text={`${chordText(wanted)} is ${names.join(' and ')}.`}
        onTake={() => finish(wanted)}
        onLeave={onDone}
      />
    );
  }
  return (
    <span className={classes.recorder}>
      <input
        autoFocus
        readOnly
        className={classes.field}
        aria-label={`Press the keys for ${command.label}`}
        placeholder="Press the keys… (Esc leaves)"
        onKeyDown={onKeyDown}
        onBlur={({ relatedTarget }) => relatedTarget !== null && onDone()}
      />
      {refusal !== null && (
        <span className={classes.refusal} role="alert">
          {refusal}
        </span>
      )}
    </span>
  );
}

function Conflict(props: { text: string; onTake: () => void; onLeave: () => void }) {
  const { text, onTake, onLeave } = props;
  const [button, setButton] = useState<HTMLButtonElement | null>(null);
  useEffect(() => button?.focus(), [button]);
  return (
    <span className={classes.recorder} role="alert">
      <span className={classes.refusal}>{text}</span>
      <Button
        ref={setButton}
        size="compact-xs"
        data-testid={DESIGNER_IDS.shortcutTake}
        onClick={onTake}
      >
        Use it here instead
      </Button>
      <Button size="compact-xs" variant="default" onClick={onLeave}>
        Leave it
      </Button>
    </span>
  );
}
