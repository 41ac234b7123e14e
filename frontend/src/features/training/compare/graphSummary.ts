import type { RunComparison } from '@/api';

export type GraphDifference = RunComparison['graph'][number];

export interface GraphSummary {
  /** So much differs that a list of layers says less than how many there are. */
  isUnrelated: boolean;
  headline: string;
  /** By layer name; the same layers of both networks stand together. */
  rows: readonly GraphDifference[];
}

/** Layers that two related networks may differ in before the list is folded. */
const MOST_LISTED = 12;
const ORDER: Record<GraphDifference['kind'], number> = { changed: 0, added: 1, removed: 2 };
const byName = new Intl.Collator('en', { numeric: true });

/** What differs between two networks, in words and in the order people read layers. */
export function summarizeGraph(differences: readonly GraphDifference[]): GraphSummary {
  const count = (kind: GraphDifference['kind']) => differences.filter((each) => each.kind === kind).length;
  const parts = [
    [count('changed'), 'changed'],
    [count('added'), 'only in the second'],
    [count('removed'), 'only in the first'],
  ] as const;
  const headline = parts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${String(number)} ${what}`)
    .join(', ');
  const rows = differences.toSorted((a, b) => byName.compare(a.name, b.name) || ORDER[a.kind] - ORDER[b.kind]);
  return { isUnrelated: differences.length > MOST_LISTED, headline, rows };
}

/** How many layers of each type: `5 × conv2d, 2 × linear`. */
export function typeCounts(differences: readonly GraphDifference[], kind: GraphDifference['kind']): string {
  const counts = new Map<string, number>();
  for (const each of differences) if (each.kind === kind) counts.set(each.type, (counts.get(each.type) ?? 0) + 1);
  return [...counts]
    .sort(([a, many], [b, few]) => few - many || byName.compare(a, b))
    .map(([type, number]) => `${String(number)} × ${type}`)
    .join(', ');
}
