import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';

interface WhyNotProps {
  /** Why the control inside cannot be used; `null` when it can. */
  reason: string | null;
  children: ReactNode;
}

/** Says why a disabled control is disabled: to the pointer, to the keyboard and to screen readers. */
export function WhyNot({ reason, children }: WhyNotProps) {
  if (reason === null) return children;
  return (
    <Tooltip label={reason} multiline maw={280} openDelay={0}>
      <span tabIndex={0} role="note" aria-label={reason} style={{ display: 'grid' }}>
        {children}
      </span>
    </Tooltip>
  );
}
