import { describe, expect, it } from 'vitest';
import { viewShowing } from './revealing';

const PANE = { width: 800, height: 600 };
const HERE = { x: 0, y: 0, zoom: 1 };
const at = (x: number, y: number, width = 176, height = 92) => ({ x, y, width, height });

describe('bringing layers into view', () => {
  it('moves nothing when they are seen', () => {
    expect(viewShowing(at(300, 200), HERE, PANE)).toBeNull();
  });

  it('moves as far as needed and keeps the zoom when they fit in', () => {
    expect(viewShowing(at(1000, 200), HERE, PANE)).toEqual({ x: -400, y: 0, zoom: 1 });
    expect(viewShowing(at(-100, -50), HERE, PANE)).toEqual({ x: 124, y: 74, zoom: 1 });
  });

  it('goes back until they fit in', () => {
    const view = viewShowing(at(900, 0, 1000, 300), HERE, PANE);
    expect(view?.zoom).toBeCloseTo(0.744, 3);
    const left = 900 * (view?.zoom ?? 0) + (view?.x ?? 0);
    expect(left).toBeGreaterThanOrEqual(28);
    expect(left + 1000 * (view?.zoom ?? 0)).toBeCloseTo(800 - 28);
  });

  it('shows their beginning rather than what cannot be read', () => {
    expect(viewShowing(at(900, 100, 9000, 92), HERE, PANE)).toEqual({ x: -876, y: 0, zoom: 1 });
    const far = viewShowing(at(0, 0, 9000, 92), { x: 0, y: 0, zoom: 0.2 }, PANE);
    expect(far?.zoom).toBeLessThan(0.1);
  });

  it('waits for a canvas that has a size', () => {
    expect(viewShowing(at(1000, 0), HERE, { width: 0, height: 0 })).toBeNull();
  });
});
