import { Fragment } from 'react';
import type { TensorSummary } from '@/api';
import classes from './Preview.module.css';
import { highestOf, valueText } from './words';

/** The scores of the classes by name, each over the range of all. */
export function ClassScores({ picture }: { picture: NonNullable<TensorSummary['picture']> }) {
  const values = picture.values ?? [];
  const finite = values.filter((value) => value !== null);
  const low = Math.min(0, ...finite);
  const span = Math.max(...finite, 0) - low || 1;
  const highest = highestOf(picture);
  return (
    <div className={classes.classes} role="list" aria-label="Scores of the classes">
      {values.map((value, index) => (
        <Fragment key={index}>
          <span className={classes.className} role="listitem">
            {picture.names?.[index] ?? picture.first + index}
          </span>
          <span className={classes.track}>
            <span
              className={classes.fill}
              data-marked={index === highest || undefined}
              style={{ display: 'block', width: `${(((value ?? low) - low) / span) * 100}%` }}
            />
          </span>
          <span className={classes.number}>{valueText(value)}</span>
        </Fragment>
      ))}
    </div>
  );
}
