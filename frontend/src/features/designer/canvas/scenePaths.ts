/** Paths of a whole scene, made once for each drawing: it is painted again on every zoom. */

import type { Catalog } from '../state/catalog';
import { traceCurve } from './geometry';
import type { Card, Scene, Wire } from './scene';

export interface ScenePaths {
  /** Layers by the hue of their family. */
  readonly layers: ReadonlyMap<number, Path2D>;
  /** Blocks, on their own or around what they hold. */
  readonly regions: readonly Card[];
  readonly wires: Path2D;
}

const made = new WeakMap<Scene, { readonly catalog: Catalog; readonly paths: ScenePaths }>();

export function pathsOf(scene: Scene, catalog: Catalog): ScenePaths {
  const known = made.get(scene);
  if (known?.catalog === catalog) return known.paths;
  const paths = pathsFor(scene.cards.values(), scene.wires, catalog);
  made.set(scene, { catalog, paths });
  return paths;
}

export function pathsFor(
  cards: Iterable<Card>,
  wires: Iterable<Wire>,
  catalog: Catalog,
): ScenePaths {
  const layers = new Map<number, Path2D>();
  const regions: Card[] = [];
  for (const card of cards) {
    if (isRegion(card)) {
      regions.push(card);
      continue;
    }
    const hue = catalog.byType.get(card.node.type)?.hue ?? 0;
    let path = layers.get(hue);
    if (path === undefined) {
      path = new Path2D();
      layers.set(hue, path);
    }
    path.rect(card.x, card.y, card.width, card.height);
  }
  return { layers, regions, wires: tracedPath(wires) };
}

export function tracedPath(wires: Iterable<Wire>): Path2D {
  const path = new Path2D();
  for (const { curve } of wires) traceCurve(path, curve);
  return path;
}

export function isRegion({ node, leads }: Card): boolean {
  return node.block !== null || leads !== null;
}
