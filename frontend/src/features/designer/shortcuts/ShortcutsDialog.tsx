import { Button, Modal, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { COMMANDS, type DesignerCommand } from '../state/commands';
import { useDesigner, usePanels } from '../state/DesignerContext';
import { chordText } from '../state/keys';
import { keysOf } from '../state/shortcuts';
import { DESIGNER_IDS } from '../testids';
import { ShortcutRow } from './ShortcutRow';
import classes from './Shortcuts.module.css';

/** Every command with its keys; each can be given others. */
export function ShortcutsDialog() {
  const { panels } = useDesigner();
  const isOpen = usePanels((state) => state.isShortcutsOpen);
  const close = (): void => panels.set({ isShortcutsOpen: false });
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title="Keyboard shortcuts"
      size={640}
      // Escape is one of the keys that can be recorded.
      closeOnEscape={false}
      data-testid={DESIGNER_IDS.shortcuts}
    >
      {isOpen && <ShortcutsList onClose={close} />}
    </Modal>
  );
}

function ShortcutsList({ onClose }: { onClose: () => void }) {
  const { shortcuts } = useDesigner();
  const changed = useStore(shortcuts.store, (state) => state.changed);
  const [query, setQuery] = useState('');
  const [recording, setRecording] = useState<string | null>(null);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A button that was used may be gone by now: keys stay within the dialog all the same.
    if (document.activeElement === document.body) root.current?.focus({ preventScroll: true });
  }, [changed, recording]);
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (command: DesignerCommand): string => {
    const keys = keysOf(changed, command).map(chordText);
    return [command.label, command.group, ...keys].join(' ').toLowerCase();
  };
  const shown = COMMANDS.filter((command) => {
    const text = textOf(command);
    return words.every((word) => text.includes(word));
  });
  const groups = Map.groupBy(shown, ({ group }) => group);
  return (
    <div
      ref={root}
      tabIndex={-1}
      className={classes.root}
      // Keys here are meant for the list, not for the network behind it.
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape' && recording === null) onClose();
      }}
    >
      <div className={classes.top}>
        <TextInput
          data-autofocus
          className={classes.search}
          placeholder="Search by command or keys"
          aria-label="Search shortcuts"
          leftSection={<IconSearch size={15} stroke={1.6} />}
          data-testid={DESIGNER_IDS.shortcutsSearch}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={Object.keys(changed).length === 0}
          onClick={() => shortcuts.resetAll()}
        >
          Reset all
        </Button>
      </div>
      {[...groups].map(([group, commands]) => (
        <section key={group}>
          <h3 className={classes.heading}>{group}</h3>
          <ul className={classes.list} aria-label={group}>
            {commands.map((command) => (
              <ShortcutRow
                key={command.id}
                command={command}
                isRecording={recording === command.id}
                onRecord={(isOn) => setRecording(isOn ? command.id : null)}
              />
            ))}
          </ul>
        </section>
      ))}
      {shown.length === 0 && <p className={classes.none}>No command fits.</p>}
      <p className={classes.note}>
        Kept in this browser, for you alone. Arrow keys, Enter, Tab, copy, cut and paste stay as
        they are. On a Mac, Ctrl is the Command key.
      </p>
    </div>
  );
}
