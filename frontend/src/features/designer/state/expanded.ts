/** Which uses of blocks are drawn expanded: a matter of the view, kept in this browser. */

import type { Editor } from './editor';

const SAVED = 'netloom-designer-expanded';
const MOST_NETWORKS = 50;

type Saved = readonly (readonly [networkId: string, paths: readonly string[]])[];

export function readExpanded(networkId: string): ReadonlySet<string> {
  const [, paths = []] = readSaved().find(([id]) => id === networkId) ?? [];
  return new Set(paths);
}

/** Keep what is expanded from now on; networks that were long not expanded are forgotten. */
export function keepExpanded(networkId: string, editor: Editor): () => void {
  return editor.store.subscribe(({ expanded }, before) => {
    if (expanded === before.expanded) return;
    const others = readSaved().filter(([id]) => id !== networkId);
    const own: Saved = expanded.size === 0 ? [] : [[networkId, [...expanded]]];
    try {
      localStorage.setItem(SAVED, JSON.stringify([...own, ...others].slice(0, MOST_NETWORKS)));
    } catch {
      // A full storage forgets what was expanded, nothing else.
    }
  });
}

function readSaved(): Saved {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(SAVED) ?? '[]');
    if (!isList(saved)) return [];
    return saved.flatMap((entry): Saved => {
      if (!isList(entry)) return [];
      const [id, paths] = entry;
      if (typeof id !== 'string' || !isList(paths)) return [];
      return [[id, paths.filter((path): path is string => typeof path === 'string')]];
    });
  } catch {
    return [];
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
