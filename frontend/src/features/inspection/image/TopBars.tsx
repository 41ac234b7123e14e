import { Skeleton } from '@mantine/core';
import { TESTIDS, formatPercent } from '@/lib';
import type { Prediction } from '../api';
import classes from './ImageTab.module.css';

interface TopBarsProps {
  prediction: Prediction | null;
  isWorking: boolean;
  target: number | null;
  onTarget: (index: number) => void;
}

/** The likeliest classes with bars; a click makes one the class to explain. */
export function TopBars({ prediction, isWorking, target, onTarget }: TopBarsProps) {
  if (!prediction) {
    return isWorking ? (
      <div className={classes.bars}>
        {[0.9, 0.5, 0.3].map((width) => (
          <Skeleton key={width} height={16} width={`${String(width * 100)}%`} />
        ))}
      </div>
    ) : null;
  }
  const top = prediction.probabilities[0]?.index;
  return (
    <div className={classes.bars} role="radiogroup" aria-label="Class to explain" data-testid={TESTIDS.inspect.topK} data-working={isWorking || undefined}>
      {prediction.probabilities.map(({ index, name, value }) => (
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
    </div>
  );
}
