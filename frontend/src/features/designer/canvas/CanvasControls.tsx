import { ActionIcon, Button, Loader, Tooltip } from '@mantine/core';
import { IconMinus, IconPlus, IconArrowsMaximize, IconSitemap } from '@tabler/icons-react';
import { useStore } from '@xyflow/react';
import type { ReactNode } from 'react';
import { canPerform, findCommand } from '../state/commands';
import { useDesigner, useEditor, useShortcut } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './DesignerCanvas.module.css';

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
      </div>
    </>
  );
}

function Control({ id, icon, testId }: { id: string; icon: ReactNode; testId?: string }) {
  const designer = useDesigner();
  useEditor((state) => state.document);
  const command = findCommand(id);
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
        disabled={!canPerform(designer, command)}
        onClick={() => command.perform(designer)}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
