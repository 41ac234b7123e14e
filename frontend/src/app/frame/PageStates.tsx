import { Loader } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ButtonLink, EmptyState, ProblemNotice } from '@/ui';

export function PagePending() {
  return (
    <div style={{ display: 'grid', placeItems: 'center', height: '60vh' }}>
      <Loader size="sm" aria-label="Loading" />
    </div>
  );
}

export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <div style={{ maxWidth: 640, margin: '48px auto', padding: '0 24px' }}>
      <ProblemNotice error={error} onRetry={reset} />
    </div>
  );
}

export function NotFound() {
  return (
    <EmptyState
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
