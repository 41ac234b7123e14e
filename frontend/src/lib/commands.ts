import { useEffect } from 'react';
import { create } from 'zustand';

/** Something a person can do, offered by the command palette (Ctrl/Cmd-K). */
export interface Command {
  id: string;
  label: string;
  /** Heading in the palette. */
  group: string;
  description?: string;
  shortcut?: string;
  keywords?: string[];
  perform: () => void;
}

interface CommandStore {
  sources: ReadonlyMap<string, readonly Command[]>;
  set: (source: string, commands: readonly Command[]) => void;
  drop: (source: string) => void;
}

export const useCommandStore = create<CommandStore>((set) => ({
  sources: new Map(),
  set: (source, commands) =>
    set(({ sources }) => ({ sources: new Map(sources).set(source, commands) })),
  drop: (source) =>
    set(({ sources }) => {
      const rest = new Map(sources);
      rest.delete(source);
      return { sources: rest };
    }),
}));

/** Offers commands while the calling component is on screen. Memoise `commands`. */
export function useCommands(source: string, commands: readonly Command[]): void {
  const set = useCommandStore((state) => state.set);
  const drop = useCommandStore((state) => state.drop);
  useEffect(() => {
    set(source, commands);
    return () => drop(source);
  }, [source, commands, set, drop]);
}
