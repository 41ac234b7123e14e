import { Menu, Text } from '@mantine/core';
import { canPerform, COMMANDS, type DesignerCommand } from '../state/commands';
import { SURGERY } from '../state/commandsSurgery';
import { useDesigner, usePanels, useShortcut } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './DesignerCanvas.module.css';

/** The context menu: those commands that fit what was clicked. */
export function SelectionMenu() {
  const designer = useDesigner();
  const menu = usePanels((state) => state.contextMenu);
  if (menu === null) return null;
  const close = (): void => designer.panels.set({ contextMenu: null });
  const commands = COMMANDS.filter(
    (command) => command.places.includes(menu.kind) && canPerform(designer, command),
  );
  const surgery = commands.filter(({ group }) => group === SURGERY);
  const item = (command: DesignerCommand) => (
    <CommandItem key={command.id} command={command} onChosen={close} />
  );
  return (
    <Menu opened onClose={close} position="bottom-start" offset={0} withinPortal>
      <Menu.Target>
        <div className={classes.anchor} style={{ left: menu.at.x, top: menu.at.y }} />
      </Menu.Target>
      <Menu.Dropdown>
        {commands.filter(({ group }) => group !== SURGERY).map(item)}
        {surgery.length > 0 && (
          <Menu.Sub>
            <Menu.Sub.Target>
              <Menu.Sub.Item data-testid={DESIGNER_IDS.surgeryMenu}>Surgery</Menu.Sub.Item>
            </Menu.Sub.Target>
            <Menu.Sub.Dropdown>{surgery.map(item)}</Menu.Sub.Dropdown>
          </Menu.Sub>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface CommandItemProps {
  command: DesignerCommand;
  isDisabled?: boolean;
  onChosen?: () => void;
}

/** A command as an item of a menu, with the key it has now. */
export function CommandItem({ command, isDisabled = false, onChosen }: CommandItemProps) {
  const designer = useDesigner();
  const shortcut = useShortcut(command);
  return (
    <Menu.Item
      rightSection={
        shortcut !== undefined && (
          <Text size="xs" c="dimmed">
            {shortcut}
          </Text>
        )
      }
      disabled={isDisabled}
      onClick={() => {
        onChosen?.();
        command.perform(designer);
      }}
    >
      {command.label}
    </Menu.Item>
  );
}
