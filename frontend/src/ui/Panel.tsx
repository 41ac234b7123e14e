import type { ReactNode } from 'react';
import classes from './Panel.module.css';

interface PanelProps {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** The body touches the border: for tables and pictures. */
  isFlush?: boolean;
  testId?: string;
  className?: string;
}

/** A bordered surface with a quiet title line. */
export function Panel({ title, actions, children, isFlush = false, testId, className }: PanelProps) {
  return (
    <section className={[classes.panel, className].filter(Boolean).join(' ')} data-testid={testId}>
      {(title !== undefined || actions !== undefined) && (
        <div className={classes.head}>
          <h2 className={classes.title}>{title}</h2>
          {actions !== undefined && <div className={classes.actions}>{actions}</div>}
        </div>
      )}
      <div className={isFlush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}
