import { describe, expect, test } from 'vitest';
import type { Run, RunEvents } from '@/api';
import { alignCurves, smooth } from '@/ui/charts/smooth';
import { curveKey, curvesOf, earliestTime, lastEpochMean, rewound, withPoints, xValues } from './curves';
import { createRunStore } from './runStore';

type NumberedEvent = RunEvents['events'][number];

const point = (step: number, loss: number) => ({
  split: 'train' as const,
  step,
  epoch: step / 10,
  time_s: 1000 + step,
  values: { loss },
});
const metrics = (seq: number, ...points: ReturnType<typeof point>[]): NumberedEvent => ({
  seq,
  event: { event: 'metrics', time_s: 0, points },
});

const RUN = {
  id: 'r',
  state: 'running',
  classes: ['cat', 'dog'],
  log_tail: [],
  unfrozen: [],
  latest: { loss: null, accuracy: null, val_loss: null, val_accuracy: null },
  last_event: 0,
} as unknown as Run;

describe('curves', () => {
  test('points told twice count once', () => {
    const once = withPoints(new Map(), [point(1, 0.9), point(2, 0.8)]);
    const twice = withPoints(once, [point(2, 0.8), point(3, 0.7)]);
    expect(twice.get('train.loss')?.steps).toEqual([1, 2, 3]);
    expect(once.get('train.loss')?.steps).toEqual([1, 2]);
  });

  test('a rewind forgets what came after and goes on', () => {
    const curves = withPoints(new Map(), [point(1, 0.9), point(2, 0.8), point(3, 0.7)]);
    const again = withPoints(rewound(curves, 1), [point(2, 0.85)]);
    expect(again.get('train.loss')?.values).toEqual([0.9, 0.85]);
  });

  test('the same curve lies over epochs, steps or time', () => {
    const curves = withPoints(new Map(), [point(10, 1), point(20, 0.5)]);
    const curve = curves.get(curveKey('train', 'loss'))!;
    expect(xValues(curve, 'epoch', 0)).toEqual([1, 2]);
    expect(xValues(curve, 'step', 0)).toEqual([10, 20]);
    expect(xValues(curve, 'time', earliestTime(curves))).toEqual([0, 10]);
  });
});

describe('the number beside a curve', () => {
  test('is the mean over the steps of the last epoch', () => {
    const epochs = [0.5, 1, 1.5, 2];
    expect(lastEpochMean({ epochs, values: [9, 9, 0.25, 0.75] })).toBe(0.5);
    expect(lastEpochMean({ epochs: [...epochs, 2.5], values: [9, 9, 9, 9, 0.125] })).toBe(0.125);
  });
  test('passes over what is no number, and is nothing without points', () => {
    expect(lastEpochMean({ epochs: [0.5, 1], values: [NaN, 0.5] })).toBe(0.5);
    expect(lastEpochMean({ epochs: [], values: [] })).toBeUndefined();
  });
});

describe('run store', () => {
  test('groups that were unfrozen are marked once, and not when they were thawed after a rewind', () => {
    const unfrozen = (seq: number, epoch: number): NumberedEvent => ({
      seq,
      event: { event: 'unfrozen', time_s: 0, epoch, step: 10 * epoch, group: 'conv', num_parameters: 9, num_left: 0 },
    });
    const store = createRunStore(RUN, { series: [], last_event: 0 });
    store.getState().apply([
      unfrozen(1, 2),
      unfrozen(2, 4),
      { seq: 3, event: { event: 'rewind', time_s: 0, to_step: 20 } },
      unfrozen(4, 2),
    ]);
    expect(store.getState().run.unfrozen.map(({ epoch }) => epoch)).toEqual([2]);
  });

  test('events that API and socket both tell are folded once, in any mix', () => {
    const events: NumberedEvent[] = [
      metrics(1, point(1, 0.9)),
      { seq: 2, event: { event: 'log', time_s: 0, level: 'warning', message: 'slow disk' } },
      metrics(3, point(2, 0.8)),
      { seq: 4, event: { event: 'rewind', time_s: 0, to_step: 1 } },
      metrics(5, point(2, 0.75)),
    ];
    const inOrder = createRunStore(RUN, { series: [], last_event: 0 });
    inOrder.getState().apply(events);
    const overlapping = createRunStore(RUN, { series: [], last_event: 0 });
    overlapping.getState().apply(events.slice(0, 3));
    overlapping.getState().apply(events.slice(1));
    overlapping.getState().apply(events);
    expect(overlapping.getState().curves).toEqual(inOrder.getState().curves);
    expect(overlapping.getState().run.log_tail).toEqual(['[warning] slow disk']);
    expect(inOrder.getState().curves.get('train.loss')?.values).toEqual([0.9, 0.75]);
    expect(inOrder.getState().run.latest.loss).toBe(0.75);
  });

  test('loading the state and following gives what following from the start gives', () => {
    const events = [metrics(1, point(1, 0.9)), metrics(2, point(2, 0.8)), metrics(3, point(3, 0.7))];
    const followed = createRunStore(RUN, { series: [], last_event: 0 });
    followed.getState().apply(events);
    const series = { split: 'train' as const, name: 'loss', steps: [1, 2], epochs: [0.1, 0.2], times: [1001, 1002], values: [0.9, 0.8], min: null, max: null };
    const loaded = createRunStore(RUN, { series: [series], last_event: 2 });
    loaded.getState().apply(events);
    expect(loaded.getState().curves).toEqual(followed.getState().curves);
  });

  test('an older answer never overwrites newer curves', () => {
    const store = createRunStore(RUN, { series: [], last_event: 0 });
    store.getState().apply([metrics(5, point(1, 0.5))]);
    store.getState().loadMetrics({ series: [], last_event: 3 });
    expect(store.getState().curves.get('train.loss')?.values).toEqual([0.5]);
  });

  test('the end of an epoch brings recall and confusion', () => {
    const store = createRunStore(RUN, { series: [], last_event: 0 });
    store.getState().apply([
      {
        seq: 1,
        event: { event: 'epoch_end', time_s: 0, epoch: 1, step: 5, values: {}, recall_K: [0.5, null], confusion_KK: [[1, 1], [0, 0]] },
      },
    ]);
    expect(store.getState().run.per_class).toEqual([
      { name: 'cat', recall: 0.5, support: 2 },
      { name: 'dog', recall: null, support: 0 },
    ]);
  });
});

describe('smoothing', () => {
  test('a constant stays constant from the first point on', () => {
    expect(smooth([2, 2, 2], 0.9).map((value) => value.toFixed(6))).toEqual(['2.000000', '2.000000', '2.000000']);
  });
  test('no weight changes nothing, a weight calms', () => {
    expect(smooth([1, 3], 0)).toEqual([1, 3]);
    const [, second] = smooth([1, 3], 0.5);
    expect(second).toBeGreaterThan(1);
    expect(second).toBeLessThan(3);
  });
  test('curves with different x share one axis', () => {
    const { x, ys } = alignCurves([{ x: [0, 2], y: [1, 2] }, { x: [1, 2], y: [5, NaN] }]);
    expect(x).toEqual([0, 1, 2]);
    expect(ys).toEqual([[1, undefined, 2], [undefined, 5, undefined]]);
  });
  test('series of the API become curves by split and name', () => {
    const series = { split: 'validation' as const, name: 'accuracy', steps: [1], epochs: [1], times: [1], values: [0.5], min: null, max: null };
    expect(curvesOf([series]).get('validation.accuracy')?.values).toEqual([0.5]);
  });
});
