/** Which boxes are shown, in what colour, and what is said of them. */

import type { FoundBox } from '@/api';

/** Asked of every detector: what scores less is noise. */
export const LOWEST_SCORE = 0.05;
const USUAL_SCORE = 0.5;

/** What is wanted of the boxes; `null` is as the network itself says. */
export interface BoxChoice {
  minScore: number | null;
  overlap: number | null;
  /** At most so many, the best ones. */
  most: number | null;
}

export const AS_ASKED: BoxChoice = { minScore: null, overlap: null, most: null };

/** Where to begin: the network's own threshold, unless it lets through more than one can look at. */
export const firstScore = (ownThreshold: number): number => Math.max(ownThreshold, USUAL_SCORE);

/** The boxes to show, the best first. */
export function shownBoxes(boxes: readonly FoundBox[], minScore: number, most: number | null): FoundBox[] {
  const above = boxes.filter(({ score }) => score >= minScore);
  return most === null ? above : above.slice(0, most);
}

/** Light and strong, so that they are seen on photos of any kind beside a dark line. */
const COLORS = ['#ffd43b', '#4dd4ff', '#ff8fd0', '#8ce99a', '#ffa94d', '#b197fc', '#63e6be', '#ff8787'] as const;

export const boxColor = (label: number): string => COLORS[label % COLORS.length] ?? COLORS[0];

export const boxName = ({ name, label }: FoundBox): string => (name === '' ? `Class ${String(label)}` : name);

/** How many of each class, the most first: `3 person, 1 dog`. */
export function countsOf(boxes: readonly FoundBox[]): { label: number; name: string; count: number }[] {
  const counts = new Map<number, { label: number; name: string; count: number }>();
  for (const box of boxes) {
    const known = counts.get(box.label) ?? { label: box.label, name: boxName(box), count: 0 };
    counts.set(box.label, { ...known, count: known.count + 1 });
  }
  return [...counts.values()].sort((one, other) => other.count - one.count);
}

export const scoreText = (score: number): string => score.toFixed(2);

/** Where a box lies and how large it is, in pixels of the image. */
export function placeText({ x1, y1, x2, y2 }: FoundBox): string {
  return `${String(Math.round(x2 - x1))} × ${String(Math.round(y2 - y1))} at ${String(Math.round(x1))}, ${String(Math.round(y1))}`;
}
