import type { MetricSeries } from '@/api';

/** One curve as it grows. All arrays have the same length. */
export interface Curve {
  split: MetricSeries['split'];
  name: string;
  steps: readonly number[];
  epochs: readonly number[];
  /** Unix seconds. */
  times: readonly number[];
  values: readonly number[];
}

export type Curves = ReadonlyMap<string, Curve>;

interface Point {
  split: MetricSeries['split'];
  step: number;
  epoch: number;
  time_s: number;
  values: Record<string, number>;
}

export const curveKey = (split: string, name: string): string => `${split}.${name}`;

export function curvesOf(series: readonly MetricSeries[]): Curves {
  return new Map(
    series.map(({ split, name, steps, epochs, times, values }) => [
      curveKey(split, name),
      { split, name, steps, epochs, times, values },
    ]),
  );
}

/** Appends points. A step that is known already (told by both API and socket) counts once. */
export function withPoints(curves: Curves, points: readonly Point[]): Curves {
  const grown = new Map<string, { steps: number[]; epochs: number[]; times: number[]; values: number[] }>();
  const next = new Map(curves);
  for (const point of points) {
    for (const [name, value] of Object.entries(point.values)) {
      const key = curveKey(point.split, name);
      const old = curves.get(key);
      let added = grown.get(key);
      if (!added) {
        added = {
          steps: [...(old?.steps ?? [])],
          epochs: [...(old?.epochs ?? [])],
          times: [...(old?.times ?? [])],
          values: [...(old?.values ?? [])],
        };
        grown.set(key, added);
        next.set(key, { split: point.split, name, ...added });
      }
      if (point.step <= (added.steps.at(-1) ?? -1)) continue;
      added.steps.push(point.step);
      added.epochs.push(point.epoch);
      added.times.push(point.time_s);
      added.values.push(value);
    }
  }
  return next;
}

/** Forgets what was said after a step: the run went on from an earlier checkpoint. */
export function rewound(curves: Curves, toStep: number): Curves {
  const next = new Map<string, Curve>();
  for (const [key, curve] of curves) {
    const first = curve.steps.findIndex((step) => step > toStep);
    if (first < 0) next.set(key, curve);
    else {
      next.set(key, {
        ...curve,
        steps: curve.steps.slice(0, first),
        epochs: curve.epochs.slice(0, first),
        times: curve.times.slice(0, first),
        values: curve.values.slice(0, first),
      });
    }
  }
  return next;
}

export const X_AXES = ['epoch', 'step', 'time'] as const;
export type XAxis = (typeof X_AXES)[number];

/** Where the points lie: epochs, steps, or seconds since `startTime` (Unix seconds). */
export function xValues(curve: Curve, axis: XAxis, startTime: number): readonly number[] {
  switch (axis) {
    case 'epoch':
      return curve.epochs;
    case 'step':
      return curve.steps;
    case 'time':
      return curve.times.map((time) => time - startTime);
  }
}

/**
 * What a curve stands at: the mean over the last epoch's steps, as one batch says little. Unfinished
 * epochs count from their start; `undefined` for a curve without points.
 */
export function lastEpochMean({ epochs, values }: Pick<Curve, 'epochs' | 'values'>): number | undefined {
  const last = epochs.at(-1);
  if (last === undefined) return undefined;
  // A point at epoch 2.0 ends the second epoch; the one at 2.1 is in the third.
  const start = Math.ceil(last) - 1;
  let sum = 0;
  let count = 0;
  for (let at = values.length - 1; at >= 0 && (epochs[at] ?? 0) > start; at -= 1) {
    const value = values[at] ?? NaN;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? values.at(-1) : sum / count;
}

export function earliestTime(curves: Curves): number {
  let earliest = Infinity;
  for (const { times } of curves.values()) earliest = Math.min(earliest, times[0] ?? Infinity);
  return Number.isFinite(earliest) ? earliest : 0;
}
