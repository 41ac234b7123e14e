import { Button, Skeleton } from '@mantine/core';
import { useState } from 'react';
import type { Prediction } from '@/api';
import { TESTIDS, formatPercent } from '@/lib';
import classes from './ImageTab.module.css';

const SHOWN_FIRST = 5;

interface TopBarsProps {
  prediction: Prediction | null;
  isWorking: boolean;
  target: number | null;
  onTarget: (index: number) => void;
}

/** The likeliest classes with bars; a click makes one the class to explain. */
export function TopBars({ prediction, isWorking, target, onTarget }: TopBarsProps) {
  const [isWhole, setWhole] = useState(false);
  if (!prediction) {
    return isWorking ? (
      <div className={`${classes.waiting ?? ''} appears-late`}>
        {[0.9, 0.5, 0.3].map((width) => (
          <Skeleton key={width} height={16} width={`${String(width * 100)}%`} />
        ))}
      </div>
    ) : null;
  }
  const { probabilities } = prediction;
  const top = probabilities[0]?.index;
  const shown = isWhole ? probabilities : probabilities.filter(({ index }, place) => place < SHOWN_FIRST || index === target);
  return (
    <div className={classes.bars} role="radiogroup" aria-label="Class to explain" data-testid={TESTIDS.inspect.topK} data-working={isWorking || undefined}>
      {shown.map(({ index, name, value }) => (
        <button
          key={index}
          type="button"
          role="radio"
          aria-checked={(target ?? top) === index}
          className={classes.bar}
          onClick={() => onTarget(index)}
          data-testid={TESTIDS.inspect.topRow}
          data-class={name}
        >
          <span>{name}</span>
          <span className={classes.track} style={{ '--share': value }} aria-hidden />
          <span className="mono">{formatPercent(value)}</span>
        </button>
      ))}
      {probabilities.length > SHOWN_FIRST && (
        <Button className={classes.more} size="compact-xs" variant="subtle" color="gray" onClick={() => setWhole(!isWhole)}>
          {isWhole ? `Only the first ${String(SHOWN_FIRST)}` : `All ${String(probabilities.length)}`}
        </Button>
      )}
    </div>
  );
}
