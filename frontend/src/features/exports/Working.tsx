import { Button, Progress } from '@mantine/core';
import { TESTIDS } from '@/lib';
import classes from './Exports.module.css';

interface WorkingProps {
  text: string;
  progress: number | null;
  onCancel: () => void;
}

export function Working({ text, progress, onCancel }: WorkingProps) {
  return (
    <div className={classes.form} data-testid={TESTIDS.exports.progress}>
      <span aria-live="polite">{text}</span>
      <Progress value={(progress ?? 1) * 100} animated={progress === null} size={6} aria-label={text} />
      <div className={classes.buttons}>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
