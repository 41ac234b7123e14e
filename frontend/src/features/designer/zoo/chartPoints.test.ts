import { describe, expect, it } from 'vitest';
import type { ZooRow } from '@/api';
import { chartPoints, evenScale, labelled, logScale } from './chartPoints';

const row = (name: string, parameters: number, accuracy: number, measure = 'top-1'): ZooRow => ({
  provider: 'torchvision', name, task: 'classification', can_open: true, reason: '',
  weights: 'V1', parameters, flops: parameters * 2, size_mb: 1, accuracy, measure,
  licence: '', num_classes: 1000, height: 224, width: 224, is_here: false,
});

describe('points of the zoo', () => {
  const rows = [row('large', 100, 80), row('small', 1, 60), row('poor', 50, 55), row('own', 2, 99, 'accuracy')];

  it('are of one measure, cheapest first, and say which are best for their cost', () => {
    const points = chartPoints(rows, 'parameters');
    expect(points.map((point) => point.row.name)).toEqual(['small', 'poor', 'large']);
    expect(points.map(({ isBest }) => isBest)).toEqual([true, false, true]);
  });

  it('are named where names do not cover each other', () => {
    const points = chartPoints([row('a', 1, 60), row('b', 1.01, 61), row('c', 100, 90)], 'parameters');
    const x = logScale([1, 100], 20, 600);
    const y = evenScale([60, 90], 200, 0);
    const at = (point: { cost: number; accuracy: number }) => ({ x: x.place(point.cost), y: y.place(point.accuracy) });
    expect([...labelled(points, at, 0)]).toEqual(['torchvision/c', 'torchvision/b']);
    expect([...labelled(points, at, 100)]).toEqual(['torchvision/c']);
  });

  it('lie between the ticks of both axes', () => {
    const scale = logScale([2e6, 3e8], 40, 640);
    expect(scale.ticks).toEqual([3e6, 1e7, 3e7, 1e8, 3e8]);
    expect(scale.place(2e6)).toBeGreaterThan(40);
    expect(evenScale([56, 88], 200, 0).ticks).toEqual([50, 60, 70, 80, 90]);
  });

  it('have ticks that can be read where there is one network', () => {
    expect(logScale([14e6], 40, 640).ticks).toEqual([14e6]);
    expect(evenScale([69.758], 200, 0).ticks).toEqual([69.6, 69.8]);
  });
});
