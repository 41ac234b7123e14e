import { Button, Progress } from '@mantine/core';
import { DESIGNER_IDS } from '../testids';
import classes from './Imports.module.css';

/** Why a network could not be opened, and what to do. */
export function Refused({ problem }: { problem: Readonly<Record<string, unknown>> }) {
  return (
    <div className={classes.refused} role="alert">
      <p>{said(problem['detail'])}</p>
      <p className={classes.next}>{said(problem['next_step'])}</p>
    </div>
  );
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

interface WorkingProps {
  text: string;
  progress: number | null;
  onCancel: () => void;
}

/** How far it is, with a way out. */
export function Working({ text, progress, onCancel }: WorkingProps) {
  return (
    <div className={classes.working} data-testid={DESIGNER_IDS.importProgress}>
      <span aria-live="polite">{text}</span>
      <Progress value={(progress ?? 1) * 100} animated={progress === null} size={6} aria-label={text} />
      <Button variant="default" className={classes.cancel} onClick={onCancel}>
        Cancel
      </Button>
    </div>
  );
}
