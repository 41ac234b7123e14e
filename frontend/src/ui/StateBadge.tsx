import {
  IconAlertCircle, IconCircleCheck, IconClock, IconPlayerPause, IconPlayerStop, IconProgress, IconRefreshAlert,
} from '@tabler/icons-react';
import type { RunState } from '@/api/contract';
import classes from './StateBadge.module.css';

const STATES: Record<RunState, { label: string; color: string; icon: typeof IconClock }> = {
  queued: { label: 'Queued', color: 'var(--nl-queued)', icon: IconClock },
  claimed: { label: 'Starting', color: 'var(--nl-running)', icon: IconProgress },
  running: { label: 'Running', color: 'var(--nl-running)', icon: IconProgress },
  succeeded: { label: 'Done', color: 'var(--nl-done)', icon: IconCircleCheck },
  failed: { label: 'Failed', color: 'var(--nl-failed)', icon: IconAlertCircle },
  stopped: { label: 'Stopped', color: 'var(--nl-stopped)', icon: IconPlayerStop },
  paused: { label: 'Paused', color: 'var(--nl-stopped)', icon: IconPlayerPause },
  interrupted: { label: 'Interrupted', color: 'var(--nl-stopped)', icon: IconRefreshAlert },
};

interface StateBadgeProps {
  state: RunState;
  /** What is being waited for, e.g. `stopping`. */
  note?: string;
  testId?: string;
}

/** A run's state: the same colour, icon and word everywhere. */
export function StateBadge({ state, note, testId }: StateBadgeProps) {
  const { label, color, icon: Icon } = STATES[state];
  return (
    <span className={classes.badge} style={{ '--state-color': color }} data-testid={testId} data-state={state}>
      <Icon size={15} stroke={1.8} aria-hidden />
      {note ?? label}
    </span>
  );
}
