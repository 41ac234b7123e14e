import { ActionIcon, Button, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconChevronRight,
  IconLayoutSidebarLeftExpand,
  IconPlayerPlay,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { plural } from '@/lib';
import { lookup } from '../document/records';
import { canPerform, findCommand } from '../state/commands';
import { useAnalysis, useDesigner, useEditor, usePanels, useShortcut } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { DatasetPicker } from './DatasetPicker';
import { NetworkName } from './NetworkName';
import { PreviewSwitch } from '../preview/PreviewSwitch';
import { SaveState } from './SaveState';
import classes from './TopStrip.module.css';

export function TopStrip() {
  const { panels } = useDesigner();
  const isPaletteOpen = usePanels((state) => state.isPaletteOpen);
  return (
    <header className={classes.root}>
      {!isPaletteOpen && (
        <Tooltip label="Show the palette">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Show the palette"
            onClick={() => panels.set({ isPaletteOpen: true })}
          >
            <IconLayoutSidebarLeftExpand size={18} />
          </ActionIcon>
        </Tooltip>
      )}
      <Trail />
      <SaveState />
      <div className={classes.space} />
      <CommandButton id="undo" icon={<IconArrowBackUp size={18} />} testId={DESIGNER_IDS.undo} />
      <CommandButton id="redo" icon={<IconArrowForwardUp size={18} />} testId={DESIGNER_IDS.redo} />
      <div className={classes.rule} />
      <DatasetPicker />
      <PreviewSwitch />
      <TrainButton />
    </header>
  );
}

/** Networks > this network > the block we are in. */
function Trail() {
  const { editor } = useDesigner();
  const trail = useEditor((state) => state.trail);
  const blocks = useEditor((state) => state.document.graph.blocks);
  return (
    <nav className={classes.trail} aria-label="Where you are" data-testid={DESIGNER_IDS.breadcrumb}>
      <Link to="/networks" className={classes.up}>
        Networks
      </Link>
      <IconChevronRight size={14} className={classes.chevron} aria-hidden />
      {trail.length === 0 ? (
        <NetworkName />
      ) : (
        <button type="button" className={classes.up} onClick={() => editor.leaveTo(0)}>
          <NetworkName isPlain />
        </button>
      )}
      {trail.map((step, depth) => (
        <Fragment key={step.instanceId}>
          <IconChevronRight size={14} className={classes.chevron} aria-hidden />
          {depth === trail.length - 1 ? (
            <span className={classes.here}>{lookup(blocks, step.blockId)?.name ?? 'Block'}</span>
          ) : (
            <button type="button" className={classes.up} onClick={() => editor.leaveTo(depth + 1)}>
              {lookup(blocks, step.blockId)?.name ?? 'Block'}
            </button>
          )}
        </Fragment>
      ))}
    </nav>
  );
}

function CommandButton({ id, icon, testId }: { id: string; icon: ReactNode; testId: string }) {
  const designer = useDesigner();
  const history = useEditor((state) => state.history);
  const command = findCommand(id);
  const shortcut = useShortcut(command);
  if (command === undefined) return null;
  const last = id === 'undo' ? history.past.at(-1) : history.future.at(-1);
  const what = last === undefined ? command.label : `${command.label}: ${last.label}`;
  return (
    <Tooltip label={shortcut === undefined ? what : `${what}  (${shortcut})`}>
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

function TrainButton() {
  const designer = useDesigner();
  const { panels } = designer;
  const canEdit = useEditor((state) => state.canEdit);
  const errors = useAnalysis(
    (state) =>
      state.analysis?.diagnostics.filter(({ severity }) => severity === 'error').length ?? 0,
  );
  const shortcut = useShortcut(findCommand('train'));
  const invitation = `Train this network${shortcut === undefined ? '' : ` (${shortcut})`}`;
  const reason = `${plural(errors, 'problem')} to fix first`;
  return (
    <Tooltip label={errors > 0 ? reason : invitation}>
      <Button
        leftSection={<IconPlayerPlay size={16} />}
        disabled={!canEdit}
        data-testid={DESIGNER_IDS.train}
        onClick={() => {
          if (errors > 0) panels.showBottom('problems');
          else findCommand('train')?.perform(designer);
        }}
      >
        Train
      </Button>
    </Tooltip>
  );
}
