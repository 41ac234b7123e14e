import { memo } from 'react';
import classes from './Preview.module.css';

interface BarsProps {
  /** Numbers below zero hang from the line of zero; `null` is not finite and leaves a gap. */
  values: readonly (number | null)[];
  label: string;
  /** Which bar stands out. */
  marked?: number | undefined;
}

/** Numbers as bars over one scale, as wide and high as there is room. */
export const Bars = memo(function Bars({ values, label, marked }: BarsProps) {
  const finite = values.filter((value) => value !== null);
  const high = Math.max(0, ...finite);
  const low = Math.min(0, ...finite);
  const span = high - low || 1;
  const zero = high / span;
  return (
    <svg
      className={classes.bars}
      viewBox={`0 0 ${values.length} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {values.map((value, index) => {
        if (value === null) return null;
        const top = Math.min(zero, zero - value / span);
        return (
          <rect
            key={index}
            x={index + 0.08}
            width={0.84}
            y={top}
            height={Math.max(Math.abs(value) / span, 0.015)}
            data-marked={index === marked || undefined}
          />
        );
      })}
    </svg>
  );
});
