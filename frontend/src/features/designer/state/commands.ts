/**
 * Everything a person can do in the designer, as objects: the toolbar, the context menu, the
 * command palette and the keyboard are all made of these.
 */

import type { Designer } from './DesignerContext';
import { arrangeCommands } from './commandsArrange';
import { editCommands } from './commandsEdit';
import { surgeryCommands } from './commandsSurgery';
import { viewCommands } from './commandsView';

export type CommandPlace = 'node' | 'edge' | 'canvas';

export interface DesignerCommand {
  readonly id: string;
  readonly label: string;
  readonly group: string;
  /** As people read it: `Ctrl Z`. */
  readonly shortcut?: string;
  /** Whether a key event means this command. */
  readonly keys?: (event: KeyEvent) => boolean;
  /** Context menus that offer it. */
  readonly places: readonly CommandPlace[];
  /** It changes the network, so it needs the right to. */
  readonly isEdit: boolean;
  readonly predicate: (designer: Designer) => boolean;
  readonly perform: (designer: Designer) => void;
}

export interface KeyEvent {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export const COMMANDS: readonly DesignerCommand[] = [
  ...editCommands,
  ...surgeryCommands,
  ...arrangeCommands,
  ...viewCommands,
];

export function findCommand(id: string): DesignerCommand | undefined {
  return COMMANDS.find((command) => command.id === id);
}

export function canPerform(designer: Designer, command: DesignerCommand): boolean {
  if (command.isEdit && !designer.editor.state.canEdit) return false;
  return command.predicate(designer);
}

/** The command a key means here and now. */
export function commandForKey(designer: Designer, event: KeyEvent): DesignerCommand | null {
  return (
    COMMANDS.find((command) => command.keys?.(event) === true && canPerform(designer, command)) ??
    null
  );
}
