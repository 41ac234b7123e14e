import type { ReactNode } from 'react';
import classes from './DialogFooter.module.css';

/** The last row of a dialog: its buttons stay in sight while what is above them scrolls. */
export function DialogFooter({ children }: { children: ReactNode }) {
  return <div className={classes.footer}>{children}</div>;
}
