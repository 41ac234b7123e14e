import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { asProblem, binnedOf } from '@/api/problem';
import { formatAgo } from '@/lib/format';
import classes from './ProblemNotice.module.css';
import { PutBack } from './PutBack';

interface ProblemNoticeProps {
  error: unknown;
  onRetry?: () => void;
  testId?: string;
  /** It stands alone below a page's header, with the page's margins. */
  isPlaced?: boolean;
}

/** An error in the place where it happened: cause, next step, and the id to look up in the log. */
export function ProblemNotice({ error, onRetry, testId, isPlaced = false }: ProblemNoticeProps) {
  const problem = asProblem(error);
  const binned = binnedOf(error);
  return (
    <div className={classes.root} data-placed={isPlaced || undefined} role="alert" data-testid={testId}>
      <IconAlertTriangle size={18} className={classes.icon} aria-hidden />
      <div className={classes.text}>
        <div className={classes.message}>{problem.message}</div>
        {binned && <div className={classes.next}>Deleted {formatAgo(binned.deletedAt)}.</div>}
        {problem.nextStep !== '' && <div className={classes.next}>{problem.nextStep}</div>}
        {problem.errorId !== null && (
          <div className={classes.next}>
            Error <span className="mono">{problem.errorId}</span>, also in the log.
          </div>
        )}
      </div>
      {binned?.canRestore === true && <PutBack binned={binned} size="xs" />}
      {onRetry && !binned && (
        <Button variant="default" size="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
