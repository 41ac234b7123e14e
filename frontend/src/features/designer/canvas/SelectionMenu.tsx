import { Menu, Text } from '@mantine/core';
import { canPerform, COMMANDS } from '../state/commands';
import { useDesigner, usePanels } from '../state/DesignerContext';
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
  return (
    <Menu opened onClose={close} position="bottom-start" offset={0} withinPortal>
      <Menu.Target>
        <div className={classes.anchor} style={{ left: menu.at.x, top: menu.at.y }} />
      </Menu.Target>
      <Menu.Dropdown>
        {commands.map((command) => (
          <Menu.Item
            key={command.id}
            rightSection={
              command.shortcut !== undefined && (
                <Text size="xs" c="dimmed">
                  {command.shortcut}
                </Text>
              )
            }
            onClick={() => {
              close();
              command.perform(designer);
            }}
          >
            {command.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
