import { addressOf } from '@/api';
import type { ReactNode } from 'react';
import classes from './DoorCard.module.css';

interface DoorCardProps {
  title: string;
  children: ReactNode;
  note?: ReactNode;
}

/** The card in the middle of the pages outside the frame: signing in and accepting invitations. */
export function DoorCard({ title, children, note }: DoorCardProps) {
  return (
    <main className={classes.page}>
      <div className={classes.column}>
        <div className={classes.brand}>
          <img src={addressOf('/favicon.svg')} width={36} height={36} alt="" />
          <span>Netloom</span>
        </div>
        <section className={classes.card} aria-labelledby="door-title">
          <h1 id="door-title" className={classes.title}>
            {title}
          </h1>
          {children}
        </section>
        {note !== undefined && <p className={classes.note}>{note}</p>}
      </div>
    </main>
  );
}
