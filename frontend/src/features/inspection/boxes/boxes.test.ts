import { describe, expect, test } from 'vitest';
import type { FoundBox } from '@/api';
import { boxColor, countsOf, firstScore, placeText, shownBoxes } from './boxes';

const box = (score: number, label = 1, name = ''): FoundBox => ({ x1: 10.4, y1: 20, x2: 60, y2: 100.2, score, label, name });

describe('which boxes are shown', () => {
  const found = [box(0.9), box(0.5), box(0.49), box(0.1)];

  test('those that score enough, the threshold among them', () => {
    expect(shownBoxes(found, 0.5, null)).toEqual(found.slice(0, 2));
    expect(shownBoxes(found, 0.95, null)).toEqual([]);
  });

  test('at most so many, the best ones', () => {
    expect(shownBoxes(found, 0, 3)).toEqual(found.slice(0, 3));
  });

  test('one begins at what the network says, unless that is very little', () => {
    expect(firstScore(0.7)).toBe(0.7);
    expect(firstScore(0.05)).toBe(0.5);
  });
});

describe('what is said of them', () => {
  test('classes are counted, the most first, by number where nobody named them', () => {
    const counted = countsOf([box(0.9, 2), box(0.8, 0, 'face'), box(0.7, 0, 'face')]);
    expect(counted).toEqual([
      { label: 0, name: 'face', count: 2 },
      { label: 2, name: 'Class 2', count: 1 },
    ]);
  });

  test('a place is told in whole pixels', () => {
    expect(placeText(box(1))).toBe('50 × 80 at 10, 20');
  });

  test('classes next to one another differ in colour, whatever their number', () => {
    expect(boxColor(0)).not.toBe(boxColor(1));
    expect(boxColor(81)).toBe(boxColor(1));
  });
});
