/** Which keys mean which command for this person: kept in the browser, beside the defaults. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import type { DesignerCommand } from './commands';
import { chordsOf, chordText, type Chord, type KeyEvent } from './keys';

/** Only what differs from the defaults, by id of the command; an empty list means no key. */
type Changed = Readonly<Record<string, readonly Chord[]>>;

export interface ShortcutsState {
  readonly changed: Changed;
}

export class Shortcuts {
  readonly store: StoreApi<ShortcutsState>;
  private readonly key: string;
  private readonly storage: Pick<Storage, 'getItem' | 'setItem'>;

  /** @param key Where this person's choice is kept. */
  constructor(key: string, storage: Pick<Storage, 'getItem' | 'setItem'> = localStorage) {
    this.key = key;
    this.storage = storage;
    this.store = createStore<ShortcutsState>(() => ({ changed: readChanged(storage, key) }));
  }

  keysOf(command: DesignerCommand): readonly Chord[] {
    return keysOf(this.store.getState().changed, command);
  }

  means(command: DesignerCommand, event: KeyEvent): boolean {
    const pressed = chordsOf(event);
    return this.keysOf(command).some((chord) => pressed.includes(chord));
  }

  isChanged(command: DesignerCommand): boolean {
    return Object.hasOwn(this.store.getState().changed, command.id);
  }

  /** Commands other than `command` that one of these combinations means. */
  holders(
    commands: readonly DesignerCommand[],
    command: DesignerCommand,
    chords: readonly Chord[],
  ): DesignerCommand[] {
    return commands.filter(
      (other) =>
        other.id !== command.id && this.keysOf(other).some((chord) => chords.includes(chord)),
    );
  }

  /** Give a command one combination, and take it away from those that had it. */
  assign(commands: readonly DesignerCommand[], command: DesignerCommand, chord: Chord): void {
    const changed: Record<string, readonly Chord[]> = { ...this.store.getState().changed };
    for (const other of this.holders(commands, command, [chord])) {
      changed[other.id] = this.keysOf(other).filter((each) => each !== chord);
    }
    changed[command.id] = [chord];
    this.keep(changed);
  }

  clear(command: DesignerCommand): void {
    this.keep({ ...this.store.getState().changed, [command.id]: [] });
  }

  reset(command: DesignerCommand): void {
    const entries = Object.entries(this.store.getState().changed);
    this.keep(Object.fromEntries(entries.filter(([id]) => id !== command.id)));
  }

  resetAll(): void {
    this.keep({});
  }

  private keep(changed: Changed): void {
    this.store.setState({ changed });
    try {
      this.storage.setItem(this.key, JSON.stringify(changed));
    } catch {
      // A full or closed storage: the choice holds until the page is left.
    }
  }
}

export function keysOf(changed: Changed, command: DesignerCommand): readonly Chord[] {
  const own = Object.hasOwn(changed, command.id) ? changed[command.id] : undefined;
  return own ?? command.keys ?? [];
}

/** The first combination as people read it; undefined when there is none. */
export function shortcutText(changed: Changed, command: DesignerCommand): string | undefined {
  const [first] = keysOf(changed, command);
  return first === undefined ? undefined : chordText(first);
}

function readChanged(storage: Pick<Storage, 'getItem'>, key: string): Changed {
  try {
    const saved: unknown = JSON.parse(storage.getItem(key) ?? '{}');
    if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) return {};
    const entries = Object.entries(saved).flatMap(([id, chords]: [string, unknown]) =>
      Array.isArray(chords) && chords.every((chord) => typeof chord === 'string')
        ? [[id, chords] as const]
        : [],
    );
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}
