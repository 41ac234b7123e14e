import { describe, expect, test } from 'vitest';
import { classOfKey, keyOfClass } from './classKeys';
import { GAP, gridLayout, scrollFor, tilePosition, tilesIn, visibleRange } from './gridLayout';
import { NOTHING, band, click, move, selectAll } from './selection';
import { batches } from './useLabeling';

const plain = { isRange: false, isToggle: false };
const range = { isRange: true, isToggle: false };
const toggle = { isRange: false, isToggle: true };

describe('grid layout', () => {
  const layout = gridLayout(800, 1000, 112);

  test('tiles fill the width and never overflow it', () => {
    const used = layout.columns * layout.tileWidth + (layout.columns - 1) * GAP;
    expect(used).toBeLessThanOrEqual(800);
    expect(used).toBeGreaterThan(800 - layout.columns);
  });

  test('a scroll position draws its rows and not the million others', () => {
    const big = gridLayout(800, 1_000_000, 112);
    const { first, last } = visibleRange(big, 1_000_000, big.height / 2, 600);
    expect(last - first).toBeLessThan(120);
    const { top } = tilePosition(big, first);
    expect(top).toBeLessThan(big.height / 2);
  });

  test('a rubber band finds the tiles it touches, and gaps touch nothing', () => {
    const second = tilePosition(layout, layout.columns + 1);
    const inside = { left: second.left + 4, top: second.top + 4, right: second.left + 5, bottom: second.top + 5 };
    expect(tilesIn(layout, 1000, inside)).toEqual([layout.columns + 1]);
    const gap = layout.tileWidth + GAP / 2;
    expect(tilesIn(layout, 1000, { left: gap, right: gap, top: 5, bottom: 6 })).toEqual([]);
    expect(tilesIn(layout, 3, { left: 0, top: 0, right: 800, bottom: 500 })).toEqual([0, 1, 2]);
  });

  test('scrolling to a tile moves only as far as needed', () => {
    expect(scrollFor(layout, 0, 0, 500)).toBeNull();
    expect(scrollFor(layout, 0, 300, 500)).toBe(0);
    const far = layout.columns * 10;
    expect(scrollFor(layout, far, 0, 500)).toBe(tilePosition(layout, far).top + layout.tileHeight - 500);
  });
});

describe('selection', () => {
  test('click, shift-click and ctrl-click', () => {
    let selection = click(NOTHING, 3, plain);
    selection = click(selection, 6, range);
    expect([...selection.chosen]).toEqual([3, 4, 5, 6]);
    selection = click(selection, 5, toggle);
    expect([...selection.chosen]).toEqual([3, 4, 6]);
    selection = click(selection, 1, plain);
    expect([...selection.chosen]).toEqual([1]);
  });

  test('shift keeps the anchor while the range turns round', () => {
    let selection = click(click(NOTHING, 5, plain), 8, range);
    selection = click(selection, 2, range);
    expect([...selection.chosen]).toEqual([2, 3, 4, 5]);
  });

  test('arrow keys stay inside the grid', () => {
    const grid = { columns: 4, rowsPerPage: 3, count: 10 };
    const at = (index: number) => click(NOTHING, index, plain);
    expect(move(at(1), 'ArrowUp', grid, false).cursor).toBe(1);
    expect(move(at(9), 'ArrowDown', grid, false).cursor).toBe(9);
    expect(move(at(1), 'ArrowDown', grid, false).cursor).toBe(5);
    expect(move(at(5), 'End', grid, false).cursor).toBe(9);
    expect(move(at(5), 'PageUp', grid, false).cursor).toBe(0);
    expect([...move(at(1), 'ArrowDown', grid, true).chosen]).toEqual([1, 2, 3, 4, 5]);
    expect(move(NOTHING, 'ArrowDown', grid, false).cursor).toBe(0);
  });

  test('a rubber band replaces or adds', () => {
    const before = click(NOTHING, 20, plain);
    expect([...band(before, [1, 2], false).chosen]).toEqual([1, 2]);
    expect([...band(before, [1, 2], true).chosen]).toEqual([20, 1, 2]);
    expect(selectAll(NOTHING, 3).chosen.size).toBe(3);
  });
});

test('class keys are 1 to 9, then letters, and read back', () => {
  expect(keyOfClass(0)).toBe('1');
  expect(keyOfClass(9)).toBe('a');
  expect(keyOfClass(35)).toBeNull();
  for (let order = 0; order < 35; order += 1) expect(classOfKey(keyOfClass(order) ?? '')).toBe(order);
  expect(classOfKey('0')).toBeNull();
  expect(classOfKey('Enter')).toBeNull();
  expect(classOfKey('B')).toBe(10);
});

test('many items go to the server in batches, none left out and none twice', () => {
  const ids = Array.from({ length: 2500 }, (_unused, index) => index);
  const sent = batches(ids, 1000);
  expect(sent.map(({ length }) => length)).toEqual([1000, 1000, 500]);
  expect(sent.flat()).toEqual(ids);
  expect(batches([])).toEqual([]);
});
