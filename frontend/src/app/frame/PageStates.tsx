import { Loader } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ButtonLink, EmptyState, ProblemPage } from '@/ui';

export function PagePending() {
  return (
    <div className="appears-late" style={{ display: 'grid', placeItems: 'center', height: '60vh' }}>
      <Loader size="sm" aria-label="Loading" />
    </div>
  );
}

export function PageError({ error, reset }: ErrorComponentProps) {
  return <ProblemPage error={error} onRetry={reset} />;
}

export function NotFound() {
  return (
    <EmptyState
      isPage
      icon={<IconMapQuestion size={26} stroke={1.5} />}
      title="There is nothing here"
      action={
        <ButtonLink to="/networks">Go to the networks</ButtonLink>
      }
    >
      The page may have moved, or you may not have access to it any more.
    </EmptyState>
  );
}
