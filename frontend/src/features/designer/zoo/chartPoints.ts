import type { ZooRow } from '@/api';
import { zooKey } from './queries';
import { commonMeasure } from './words';

export type Cost = 'parameters' | 'flops';

export interface Point {
  key: string;
  row: ZooRow;
  cost: number;
  accuracy: number;
  /** Nothing that costs as little reaches as much. */
  isBest: boolean;
}

/** Rows of one measure as points, cheapest first. */
export function chartPoints(rows: readonly ZooRow[], cost: Cost): Point[] {
  const measure = commonMeasure(rows);
  const points = rows
    .flatMap((row) => {
      const value = row[cost];
      return row.measure === measure && row.accuracy != null && value != null && value > 0
        ? [{ key: zooKey(row), row, cost: value, accuracy: row.accuracy, isBest: false }]
        : [];
    })
    .sort((a, b) => a.cost - b.cost || b.accuracy - a.accuracy);
  let best = -Infinity;
  return points.map((point) => {
    const isBest = point.accuracy > best;
    best = Math.max(best, point.accuracy);
    return { ...point, isBest };
  });
}

export interface Scale {
  place: (value: number) => number;
  ticks: number[];
}

/** 1, 2 and 5 in every power of ten between two numbers, placed by their logarithm. */
export function logScale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.log10(Math.min(...values)) - 0.08;
  const high = Math.log10(Math.max(...values)) + 0.08;
  const place = (value: number): number =>
    from + ((Math.log10(value) - low) / Math.max(high - low, 1e-9)) * (to - from);
  const ticks: number[] = [];
  const steps = high - low > 2 ? [1, 3] : [1, 2, 5];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
    }
  }
  if (ticks.length === 0) ticks.push(Math.min(...values)); // of one network, or of some alike
  return { place, ticks };
}

/** Round steps between two numbers, about five of them. */
export function evenScale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const rough = Math.max(high - low, 1) / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * size).find((each) => each >= rough) ?? size;
  const start = Math.floor(low / step) * step;
  const end = Math.ceil(high / step) * step;
  const ticks: number[] = [];
  // Sums of tenths would be 69.80000000000001.
  for (let tick = start; tick <= end + step / 2; tick += step) ticks.push(Number(tick.toPrecision(12)));
  const place = (value: number): number =>
    from + ((value - start) / Math.max(end - start, 1e-9)) * (to - from);
  return { place, ticks };
}

const LABEL_CHAR_PX = 6.2;
const CALLOUT_PX = 190;

/** Of the end of a name from its point: to the left and above, where nothing better is. */
export const LABEL_OFFSET = { x: -6, y: -6 };

const startOf = (name: string, x: number): number => x + LABEL_OFFSET.x - name.length * LABEL_CHAR_PX;

/** Whether the name of a point would be under what is told of another one. */
export function isCovered(
  name: string,
  place: { x: number; y: number },
  told: { x: number; y: number },
  isLeft: boolean,
): boolean {
  const from = isLeft ? told.x - CALLOUT_PX : told.x;
  return Math.abs(place.y - told.y) < 26 && startOf(name, place.x) < from + CALLOUT_PX && from < place.x;
}

/**
 * Which of the best get their name: one after the other, as long as it covers none that is there
 * already, and no point. To the left of one of the best and above it there is no other.
 */
export function labelled(
  points: readonly Point[],
  placed: (point: Point) => { x: number; y: number },
  left: number,
): Set<string> {
  const shown: { x: number; y: number; start: number }[] = [];
  const keys = new Set<string>();
  for (const point of points.filter(({ isBest }) => isBest).reverse()) {
    const { x, y } = placed(point);
    const start = startOf(point.row.name, x);
    if (start < left) continue;
    if (shown.some((other) => Math.abs(other.y - y) < 14 && start < other.x && other.start < x)) continue;
    shown.push({ x, y, start });
    keys.add(point.key);
  }
  return keys;
}
