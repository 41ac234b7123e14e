import { Tooltip } from '@mantine/core';
import { TESTIDS, useConnection, type Connection } from '@/lib';
import classes from './TopBar.module.css';

const STATES: Record<Exclude<Connection, 'idle'>, { label: string; color: string; text: string }> = {
  live: { label: 'Live', color: 'var(--nl-done)', text: 'Changes appear as they happen.' },
  connecting: { label: 'Connecting', color: 'var(--nl-line-strong)', text: 'Opening the live connection.' },
  polling: {
    label: 'Polling',
    color: 'var(--nl-stopped)',
    text: 'The live connection does not open; the page asks every 2 seconds instead.',
  },
};

export function ConnectionState() {
  const connection = useConnection();
  if (connection === 'idle') return null;
  const { label, color, text } = STATES[connection];
  return (
    <Tooltip label={text}>
      <div
        className={classes.item}
        role="img"
        aria-label={`Connection: ${label}. ${text}`}
        data-testid={TESTIDS.frame.connection}
        data-state={connection}
        style={{ '--state-color': color }}
      >
        <span className={classes.dot} aria-hidden />
        {connection !== 'live' && <span className={classes.late}>{label}</span>}
      </div>
    </Tooltip>
  );
}
