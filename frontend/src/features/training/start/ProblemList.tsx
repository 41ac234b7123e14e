import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCircleX, IconInfoCircle, IconWand } from '@tabler/icons-react';
import type { RunProblem, Severity } from '@/api';
import { TESTIDS } from '@/lib';
import classes from './StartRunDialog.module.css';

const ICONS: Record<Severity, typeof IconCircleX> = {
  error: IconCircleX,
  warning: IconAlertTriangle,
  info: IconInfoCircle,
};

export type RunFix = NonNullable<RunProblem['fixes']>[number];

interface ProblemListProps {
  problems: readonly RunProblem[];
  /** Repairs the network; without it, fixes are not offered. */
  onFix?: ((fix: RunFix) => void) | undefined;
}

/** What stands in the way of a run, and what deserves a thought before it starts. */
export function ProblemList({ problems, onFix }: ProblemListProps) {
  if (problems.length === 0) return null;
  return (
    <ul className={classes.problems} data-testid={TESTIDS.training.problems}>
      {problems.map(({ code, severity, message, node_id, fixes = [] }) => {
        const Icon = ICONS[severity];
        return (
          <li key={`${code} ${node_id ?? ''} ${message}`} data-severity={severity}>
            <Icon size={16} aria-label={severity} />
            <span>{message}</span>
            {onFix !== undefined &&
              fixes.map((fix) => (
                <Button
                  key={fix.label}
                  className={classes.fix ?? ''}
                  size="compact-xs"
                  variant="light"
                  leftSection={<IconWand size={13} />}
                  onClick={() => onFix(fix)}
                >
                  {fix.label}
                </Button>
              ))}
          </li>
        );
      })}
    </ul>
  );
}
