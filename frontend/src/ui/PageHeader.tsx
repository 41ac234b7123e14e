import type { ReactNode } from 'react';
import classes from './PageHeader.module.css';

interface PageHeaderProps {
  title: ReactNode;
  /** One line beside the title: how many, in which state. */
  meta?: ReactNode;
  actions?: ReactNode;
  /** What leads back, above the title. */
  above?: ReactNode;
}

export function PageHeader({ title, meta, actions, above }: PageHeaderProps) {
  return (
    <header className={classes.root}>
      <div className={classes.titles}>
        {above !== undefined && <div className={classes.above}>{above}</div>}
        <div className={classes.line}>
          <h1 className={classes.title}>{title}</h1>
          {meta !== undefined && <div className={classes.meta}>{meta}</div>}
        </div>
      </div>
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}
