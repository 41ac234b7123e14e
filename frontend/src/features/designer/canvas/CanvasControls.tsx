import { ActionIcon, Button, Loader, Menu, Tooltip } from '@mantine/core';
import { IconArrowsMaximize, IconDots, IconMinus, IconPlus, IconSitemap } from '@tabler/icons-react';
import { useStore } from '@xyflow/react';
import type { ReactNode } from 'react';
import { canPerform, findCommand } from '../state/commands';
import { useDesigner, useEditor, useShortcut } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './DesignerCanvas.module.css';
import { CommandItem } from './SelectionMenu';

interface CanvasControlsProps {
  isLayingOut: boolean;
  onCancelLayout: () => void;
}

export function CanvasControls({ isLayingOut, onCancelLayout }: CanvasControlsProps) {
  const zoom = useStore((state) => Math.round(state.transform[2] * 100));
  return (
    <>
      {isLayingOut && (
        <div className={classes.laying} role="status">
          <Loader size={14} /> Laying out…
          <Button size="xs" variant="default" onClick={onCancelLayout}>
            Cancel
          </Button>
        </div>
      )}
      <div className={classes.controls}>
        <Control id="zoom-out" icon={<IconMinus size={16} />} />
        <span className={classes.zoom} data-testid={DESIGNER_IDS.zoom}>
          {zoom} %
        </span>
        <Control id="zoom-in" icon={<IconPlus size={16} />} />
        <Control id="fit" icon={<IconArrowsMaximize size={16} />} testId={DESIGNER_IDS.fit} />
        <Control id="tidy" icon={<IconSitemap size={16} />} testId={DESIGNER_IDS.tidy} />
        <More />
      </div>
    </>
  );
}

const MORE = ['find', 'preview', 'save-svg', 'save-png', 'print', 'shortcuts'];

/** What nobody finds who does not know its key. */
function More() {
  const designer = useDesigner();
  useEditor((state) => state.document);
  const commands = MORE.flatMap((id) => findCommand(id) ?? []);
  return (
    <Menu position="top-start">
      <Menu.Target>
        <ActionIcon
          className={classes.quiet}
          variant="subtle"
          color="gray"
          aria-label="More"
          data-testid={DESIGNER_IDS.more}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {commands.map((command) => (
          <CommandItem
            key={command.id}
            command={command}
            isDisabled={!canPerform(designer, command)}
          />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Control({ id, icon, testId }: { id: string; icon: ReactNode; testId?: string }) {
  const designer = useDesigner();
  const command = findCommand(id);
  const isPossible = useEditor(() => command !== undefined && canPerform(designer, command));
  const shortcut = useShortcut(command);
  if (command === undefined) return null;
  const label = shortcut === undefined ? command.label : `${command.label}  (${shortcut})`;
  return (
    <Tooltip label={label}>
      <ActionIcon
        className={classes.quiet}
        variant="subtle"
        color="gray"
        aria-label={command.label}
        data-testid={testId}
        disabled={!isPossible}
        onClick={() => command.perform(designer)}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
