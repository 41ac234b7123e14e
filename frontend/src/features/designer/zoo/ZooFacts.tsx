import type { ReactNode } from 'react';
import type { ZooRow, ZooWeights } from '@/api';
import { formatCount, formatNumber } from '@/lib';
import classes from './Zoo.module.css';
import { NOT_KNOWN, computeText, inputText, measureText, parametersText, preprocessingText, sizeText } from './words';

/** The facts of one set of weights, or of a network that nobody has trained. */
export function ZooFacts({ row, weights }: { row: ZooRow; weights: ZooWeights | undefined }) {
  return (
    <dl className={classes.facts}>
      {factsOf(row, weights).map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type Fact = readonly [label: string, value: ReactNode];

/** In the same order for every network, so that two can be laid side by side. */
export function factsOf(row: ZooRow, weights: ZooWeights | undefined): Fact[] {
  const common: Fact[] = [
    ['From', row.provider],
    ['Task', row.task],
  ];
  if (weights === undefined) return [...common, ['Weights', 'nobody has trained it']];
  const metrics = Object.entries(weights.metrics ?? {}).map(
    ([name, value]): Fact => [measureText(name), formatNumber(value)],
  );
  return [
    ...common,
    ['Weights', weights.name],
    ...metrics,
    ['Parameters', parametersText(weights.parameters)],
    ['Compute', computeText(weights.gflops == null ? null : weights.gflops * 2e9)],
    ['File', weights.is_here ? `${sizeText(weights.size_mb)}, here` : sizeText(weights.size_mb)],
    ['Classes', weights.num_classes ? formatCount(weights.num_classes) : NOT_KNOWN],
    ['Input', inputText(weights)],
    ['Images', preprocessingText(weights)],
    ['Licence', weights.licence || 'not stated'],
    ...(weights.note ? [['Note', weights.note] as const] : []),
  ];
}
