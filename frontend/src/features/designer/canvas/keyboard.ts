/** Moving through a network with the arrow keys. */

import { edgesInto, edgesOutOf } from '../document/scope';
import type { Scope } from '../document/types';
import type { Card, Scene } from './scene';

export type Arrow = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';

export function asArrow(key: string): Arrow | null {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowRight':
    case 'ArrowUp':
    case 'ArrowDown':
      return key;
    default:
      return null;
  }
}

/**
 * Where an arrow leads: along a connection when there is one, else to the nearest card that way.
 */
export function neighbour(scene: Scene, scope: Scope, from: string, arrow: Arrow): string | null {
  const here = scene.cards.get(from);
  if (here === undefined) return null;
  const connected =
    arrow === 'ArrowRight'
      ? edgesOutOf(scope, from).map(({ edge }) => edge.target.node)
      : arrow === 'ArrowLeft'
        ? edgesInto(scope, from).map(({ edge }) => edge.source.node)
        : [];
  const [first] = connected
    .flatMap((id) => scene.cards.get(id) ?? [])
    .sort((a, b) => Math.abs(a.y - here.y) - Math.abs(b.y - here.y) || nearness(a, b, here));
  if (first !== undefined) return first.id;
  let best: string | null = null;
  let bestCost = Infinity;
  for (const card of scene.cards.values()) {
    const cost = card.id === from ? Infinity : costOf(here, card, arrow);
    if (cost >= bestCost) continue;
    bestCost = cost;
    best = card.id;
  }
  return best;
}

/** Of two in one row, a shortcut leads further: the way along the row comes first. */
function nearness(a: Card, b: Card, here: Card): number {
  return Math.abs(a.x - here.x) - Math.abs(b.x - here.x);
}

function costOf(from: Card, to: Card, arrow: Arrow): number {
  const right = to.x - from.x;
  const down = to.y - from.y;
  const along = { ArrowRight: right, ArrowLeft: -right, ArrowDown: down, ArrowUp: -down }[arrow];
  const across = Math.abs(arrow === 'ArrowRight' || arrow === 'ArrowLeft' ? down : right);
  return along <= 0 ? Infinity : along + 2 * across;
}

/** The card to start from: the first input, else the leftmost. */
export function firstCard(scene: Scene): string | null {
  const cards = [...scene.cards.values()].sort((a, b) => a.x - b.x || a.y - b.y);
  const source = cards.find((card) => card.ports.inputs.length === 0);
  return (source ?? cards[0])?.id ?? null;
}
