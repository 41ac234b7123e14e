/** Drawing a scene on a 2D canvas, for the far view. */

import type { Catalog } from '../state/catalog';
import { familyColor, type Palette } from './colors';
import { CARD_WIDTH, curveBounds, type Size } from './geometry';
import { LEGIBLE_PX, paintNames, paintTitles } from './paintNames';
import { overlaps, seenIn } from './rects';
import type { Card, Scene } from './scene';
import { isRegion, pathsFor, pathsOf, tracedPath } from './scenePaths';

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Marks {
  readonly selected: ReadonlySet<string>;
  readonly selectedEdges: ReadonlySet<string>;
  readonly problems: ReadonlyMap<string, 'error' | 'warning'>;
}

export interface Drawing {
  readonly scene: Scene;
  readonly catalog: Catalog;
  readonly palette: Palette;
  readonly marks: Marks;
}

/** Draw boxes with their family's colour, names where there is room, and every wire in one path. */
export function paintScene(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  camera: Camera,
  size: Size,
): void {
  const { scene, catalog, palette } = drawing;
  const { x, y, zoom } = camera;
  const seen = seenIn({ transform: [x, y, zoom], ...size });
  const inView = [...scene.cards.values()].filter((card) => overlaps(card, seen));
  const isWhole = inView.length === scene.cards.size;
  const paths = isWhole
    ? pathsOf(scene, catalog)
    : pathsFor(
        inView,
        scene.wires.filter(({ curve }) => overlaps(curveBounds(curve), seen)),
        catalog,
      );
  const areMarks = CARD_WIDTH * zoom < LEGIBLE_PX;
  context.save();
  context.translate(x, y);
  context.scale(zoom, zoom);
  paintFrames(context, scene, palette);
  const around = paths.regions.filter(({ leads }) => leads !== null);
  for (const card of around) paintRegion(context, card, zoom, drawing);
  context.lineWidth = 1 / zoom;
  context.strokeStyle = palette.wire;
  context.stroke(paths.wires);
  paintChosenWires(context, zoom, drawing);
  if (areMarks) {
    for (const [hue, path] of paths.layers) {
      context.fillStyle = familyColor(hue, palette.isDark);
      context.fill(path);
    }
  } else {
    for (const card of inView) if (!isRegion(card)) paintLayer(context, card, zoom, drawing);
  }
  for (const card of paths.regions) {
    if (card.leads === null) paintRegion(context, card, zoom, drawing);
  }
  paintMarks(context, zoom, drawing);
  context.restore();
  paintNames(context, areMarks ? paths.regions : inView, camera, palette);
  paintTitles(context, scene.frames, camera, palette);
}

function paintFrames(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  for (const { x, y, width, height, frame } of scene.frames) {
    context.fillStyle = `hsl(${frame.hue} 45% 55% / 0.2)`;
    context.strokeStyle = palette.line;
    context.beginPath();
    context.roundRect(x, y, width, height, 8);
    context.fill();
    context.stroke();
  }
}

function paintChosenWires(
  context: CanvasRenderingContext2D,
  zoom: number,
  { scene, palette, marks: { selectedEdges } }: Drawing,
): void {
  if (selectedEdges.size === 0) return;
  context.lineWidth = 2 / zoom;
  context.strokeStyle = palette.accent;
  context.stroke(tracedPath(scene.wires.filter(({ id }) => selectedEdges.has(id))));
}

/** A block, on its own or around what it holds, as a coloured region. */
function paintRegion(
  context: CanvasRenderingContext2D,
  card: Card,
  zoom: number,
  { catalog, palette }: Drawing,
): void {
  const { x, y, width, height } = card;
  const hue = catalog.byType.get(card.node.type)?.hue ?? 0;
  context.beginPath();
  context.roundRect(x, y, width, height, 8);
  if (card.leads === null) {
    context.fillStyle = palette.surface;
    context.fill();
  }
  context.fillStyle = `hsl(${hue} 45% 55% / ${card.leads === null ? 0.3 : 0.14})`;
  context.fill();
  context.lineWidth = 1 / zoom;
  context.strokeStyle = familyColor(hue, palette.isDark);
  context.stroke();
}

/** A layer with room for its name: a box with its family's colour on the left. */
function paintLayer(
  context: CanvasRenderingContext2D,
  { x, y, width, height, node }: Card,
  zoom: number,
  { catalog, palette }: Drawing,
): void {
  context.fillStyle = palette.surface;
  context.fillRect(x, y, width, height);
  context.fillStyle = familyColor(catalog.byType.get(node.type)?.hue ?? 0, palette.isDark);
  context.fillRect(x, y, Math.max(6, 3 / zoom), height);
  context.lineWidth = 1 / zoom;
  context.strokeStyle = palette.line;
  context.strokeRect(x, y, width, height);
}

/** What is selected, and the sign of a problem. */
function paintMarks(
  context: CanvasRenderingContext2D,
  zoom: number,
  { scene, palette, marks: { selected, problems } }: Drawing,
): void {
  context.lineWidth = 2 / zoom;
  context.strokeStyle = palette.accent;
  for (const id of selected) {
    const card = scene.cards.get(id);
    if (card === undefined) continue;
    context.beginPath();
    if (isRegion(card)) context.roundRect(card.x, card.y, card.width, card.height, 8);
    else context.rect(card.x, card.y, card.width, card.height);
    context.stroke();
  }
  for (const [id, severity] of problems) {
    const card = scene.cards.get(id);
    if (card === undefined) continue;
    context.fillStyle = severity === 'error' ? palette.failed : palette.warning;
    context.beginPath();
    context.arc(card.x + card.width, card.y, 4.5 / zoom, 0, 2 * Math.PI);
    context.fill();
  }
}
