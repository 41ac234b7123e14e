/** A part of a scene, on its own: to lay out again, or to draw. */

import type { Positions } from '../document/arrange';
import { boundsOf } from './geometry';
import type { Scene } from './scene';

/** Some cards of a scene and what connects them. */
export function partOf(scene: Scene, ids: ReadonlySet<string>): Scene {
  const cards = new Map([...scene.cards].filter(([id]) => ids.has(id)));
  const wires = scene.wires.filter(
    ({ edge }) => cards.has(edge.source.node) && cards.has(edge.target.node),
  );
  return { cards, wires, frames: [] };
}

/** The same places, moved so that their upper left corner is where the cards' is now. */
export function inPlaceOf(scene: Scene, positions: Positions): Positions {
  const before = boundsOf(scene.cards.values());
  const after = boundsOf(
    Object.entries(positions).flatMap(([id, place]) => {
      const card = scene.cards.get(id);
      return card === undefined ? [] : [{ ...card, ...place }];
    }),
  );
  if (before === null || after === null) return positions;
  const [dx, dy] = [before.x - after.x, before.y - after.y];
  return Object.fromEntries(
    Object.entries(positions).map(([id, { x, y }]) => [id, { x: x + dx, y: y + dy }]),
  );
}
