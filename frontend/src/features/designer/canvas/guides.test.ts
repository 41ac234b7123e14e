import { describe, expect, it } from 'vitest';
import { snapToNeighbours } from './guides';

const box = (x: number, y: number, width = 100, height = 60) => ({ x, y, width, height });

describe('alignment guides', () => {
  it('pull a box to the edge of another, and show the line through both', () => {
    const { dx, dy, lines } = snapToNeighbours(box(204, 300), [box(200, 0)], 7);
    expect([dx, dy]).toEqual([-4, 0]);
    expect(lines).toEqual([{ from: { x: 250, y: 0 }, to: { x: 250, y: 360 }, isGap: false }]);
  });

  it('pull to the middle of a box of another size', () => {
    const { dy, lines } = snapToNeighbours(box(400, 3), [box(0, 0, 100, 70)], 7);
    expect(dy).toBe(2);
    expect(lines).toEqual([{ from: { x: 0, y: 35 }, to: { x: 500, y: 35 }, isGap: false }]);
  });

  it('take the nearest of several', () => {
    expect(snapToNeighbours(box(204, 300), [box(200, 0), box(206, 150)], 7).dx).toBe(2);
  });

  it('keep equal distances at the end of a row, at its start and within', () => {
    const end = snapToNeighbours(box(283, 20), [box(0, 0), box(140, 0)], 7);
    expect(end.dx).toBe(-3);
    expect(end.lines.filter(({ isGap }) => isGap)).toEqual([
      { from: { x: 100, y: 50 }, to: { x: 140, y: 50 }, isGap: true },
      { from: { x: 240, y: 50 }, to: { x: 280, y: 50 }, isGap: true },
    ]);
    expect(snapToNeighbours(box(-143, 20), [box(0, 0), box(140, 0)], 7).dx).toBe(3);
    expect(snapToNeighbours(box(146, 20), [box(0, 0), box(300, 0)], 7).dx).toBe(4);
  });

  it('leave alone what is out of reach', () => {
    expect(snapToNeighbours(box(220, 200), [box(0, 0)], 7)).toEqual({ dx: 0, dy: 0, lines: [] });
    expect(snapToNeighbours(box(0, 0), [], 7).lines).toEqual([]);
  });
});
