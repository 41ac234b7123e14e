/**
 * Everything a person can do in the designer, as objects: the toolbar, the context menu, the
 * command palette and the keyboard are all made of these.
 */

import type { Designer } from './DesignerContext';
import { arrangeCommands } from './commandsArrange';
import { besideCommands } from './commandsBeside';
import { pictureCommands } from './commandsPicture';
import { editCommands } from './commandsEdit';
import { exportCommands } from './commandsExport';
import { sharingCommands } from './commandsSharing';
import { surgeryCommands } from './commandsSurgery';
import { viewCommands } from './commandsView';
import type { Chord, KeyEvent } from './keys';

export type CommandPlace = 'node' | 'edge' | 'canvas';

export interface DesignerCommand {
  readonly id: string;
  readonly label: string;
  /** Other words that find it. */
  readonly keywords?: readonly string[];
  readonly group: string;
  /** Combinations that mean it unless the person chose others; the first one is shown. */
  readonly keys?: readonly Chord[];
  /** Context menus that offer it. */
  readonly places: readonly CommandPlace[];
  /** It changes the network, so it needs the right to. */
  readonly isEdit: boolean;
  /** What to do first where it is not possible. */
  readonly needs?: string;
  readonly predicate: (designer: Designer) => boolean;
  readonly perform: (designer: Designer) => void;
}

export const COMMANDS: readonly DesignerCommand[] = [
  ...editCommands,
  ...besideCommands,
  ...sharingCommands,
  ...surgeryCommands,
  ...arrangeCommands,
  ...viewCommands,
  ...exportCommands,
  ...pictureCommands,
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
    COMMANDS.find(
      (command) => designer.shortcuts.means(command, event) && canPerform(designer, command),
    ) ?? null
  );
}
