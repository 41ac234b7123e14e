import { Button } from '@mantine/core';
import { IconAlertTriangle, IconMapQuestion, IconPlugConnectedX, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { OFFLINE, asProblem, binnedOf } from '@/api/problem';
import { formatAgo } from '@/lib/format';
import { EmptyState } from './EmptyState';
import { PutBack } from './PutBack';

interface ProblemPageProps {
  error: unknown;
  onRetry: () => void;
  /** Leads to where the things of this kind are listed. */
  back?: ReactNode;
}

/** Stands in for a page that cannot be shown: what happened, why, and the way on. */
export function ProblemPage({ error, onRetry, back }: ProblemPageProps) {
  const problem = asProblem(error);
  const isMissing = problem.status === 404;
  const binned = binnedOf(error);
  const Icon = binned
    ? IconTrash
    : isMissing
      ? IconMapQuestion
      : problem.code === OFFLINE
        ? IconPlugConnectedX
        : IconAlertTriangle;
  return (
    <div role="alert">
      <EmptyState
        isPage
        icon={<Icon size={26} stroke={1.5} />}
        title={problem.message}
        action={
          <>
            {!isMissing && (
              <Button variant="default" onClick={onRetry}>
                Try again
              </Button>
            )}
            {binned?.canRestore === true && <PutBack binned={binned} />}
            {back}
          </>
        }
      >
        {binned && <div>Deleted {formatAgo(binned.deletedAt)}.</div>}
        {problem.nextStep}
        {problem.errorId !== null && (
          <div>
            Error <span className="mono">{problem.errorId}</span>, also in the log.
          </div>
        )}
      </EmptyState>
    </div>
  );
}
