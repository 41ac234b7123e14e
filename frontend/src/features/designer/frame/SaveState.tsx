import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCloudCheck,
  IconCloudOff,
  IconCloudUp,
  IconEye,
} from '@tabler/icons-react';
import type { SaveState as State } from '../state/saverPorts';
import { useEditor, useSaver } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './TopStrip.module.css';

const WORDS: Record<State, { text: string; more: string }> = {
  saved: { text: 'Saved', more: 'Every edit is on the server.' },
  waiting: { text: 'Saving…', more: 'The last edits are about to be sent.' },
  saving: { text: 'Saving…', more: 'The last edits are being sent.' },
  offline: {
    text: 'Offline: kept in this browser',
    more: 'The server does not answer. Edits are kept here and sent when it is back.',
  },
  conflict: { text: 'Not saved: conflict', more: 'Somebody else changed the same things.' },
  refused: { text: 'Not saved', more: 'The server refused the edits. They are kept here.' },
};

const ONLY_HERE = {
  text: 'Not saved: keep this page open',
  more: 'This browser has no room to keep edits. They are sent when the server answers.',
};

/** Whether the server has everything. */
export function SaveState() {
  const state = useSaver((saver) => saver.state);
  const isKept = useSaver((saver) => saver.isKept);
  const canEdit = useEditor((editor) => editor.canEdit);
  if (!canEdit) {
    return (
      <span className={classes.save} data-testid={DESIGNER_IDS.saveState}>
        <IconEye size={15} stroke={1.7} aria-hidden /> You can look, not change
      </span>
    );
  }
  const { text, more } = state === 'offline' && !isKept ? ONLY_HERE : WORDS[state];
  return (
    <Tooltip label={more}>
      <span className={classes.save} data-state={state} data-testid={DESIGNER_IDS.saveState}>
        <Sign state={state} />
        {text}
      </span>
    </Tooltip>
  );
}

function Sign({ state }: { state: State }) {
  switch (state) {
    case 'saved':
      return <IconCloudCheck size={15} stroke={1.7} aria-hidden />;
    case 'waiting':
    case 'saving':
      return <IconCloudUp size={15} stroke={1.7} aria-hidden />;
    case 'offline':
      return <IconCloudOff size={15} stroke={1.7} aria-hidden />;
    case 'conflict':
    case 'refused':
      return <IconAlertTriangle size={15} stroke={1.7} aria-hidden />;
  }
}
