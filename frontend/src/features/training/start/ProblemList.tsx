import { IconAlertTriangle, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import type { RunProblem, Severity } from '@/api';
import { TESTIDS } from '@/lib';
import classes from './StartRunDialog.module.css';

const ICONS: Record<Severity, typeof IconCircleX> = {
  error: IconCircleX,
  warning: IconAlertTriangle,
  info: IconInfoCircle,
};

/** What stands in the way of a run, and what deserves a thought before it starts. */
export function ProblemList({ problems }: { problems: readonly RunProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul className={classes.problems} data-testid={TESTIDS.training.problems}>
      {problems.map(({ code, severity, message, node_id }) => {
        const Icon = ICONS[severity];
        return (
          <li key={`${code} ${node_id ?? ''} ${message}`} data-severity={severity}>
            <Icon size={16} aria-label={severity} />
            <span>{message}</span>
          </li>
        );
      })}
    </ul>
  );
}
