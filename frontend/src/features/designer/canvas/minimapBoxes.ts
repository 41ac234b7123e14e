/** The minimap's picture of all layers, drawn once for each drawing and copied from then on. */

import type { Catalog } from '../state/catalog';
import type { Rect, Size } from './geometry';
import { familyColor } from './colors';
import type { Card } from './scene';

/** How the drawing is put into the minimap. */
export interface Fit {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const MARGIN = 8;
const LARGEST_SCALE = 0.2;

export function fitInto(bounds: Rect, size: Size): Fit {
  const scale = Math.min(
    (size.width - 2 * MARGIN) / Math.max(1, bounds.width),
    (size.height - 2 * MARGIN) / Math.max(1, bounds.height),
    LARGEST_SCALE,
  );
  return {
    scale,
    x: (size.width - bounds.width * scale) / 2 - bounds.x * scale,
    y: (size.height - bounds.height * scale) / 2 - bounds.y * scale,
  };
}

/** @param ratio Device pixels in one of the page's. */
export function drawBoxes(
  cards: Iterable<Card>,
  fit: Fit,
  size: Size,
  ratio: number,
  catalog: Catalog,
  isDark: boolean,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return canvas;
  const boxes = new Map<string, Path2D>();
  for (const card of cards) {
    if (card.leads !== null) continue;
    const color = familyColor(catalog.byType.get(card.node.type)?.hue ?? 0, isDark);
    const path = boxes.get(color) ?? new Path2D();
    path.rect(card.x, card.y, card.width, card.height);
    boxes.set(color, path);
  }
  context.scale(ratio, ratio);
  context.translate(fit.x, fit.y);
  context.scale(fit.scale, fit.scale);
  for (const [color, path] of boxes) {
    context.fillStyle = color;
    context.fill(path);
  }
  return canvas;
}
