/** Drawing a scene on a 2D canvas: the far view and the minimap. */

import type { Catalog } from '../state/catalog';
import { curveBounds, traceCurve, type Rect } from './geometry';
import type { Card, Scene } from './scene';

export interface Palette {
  readonly surface: string;
  readonly line: string;
  readonly wire: string;
  readonly text: string;
  readonly accent: string;
  readonly failed: string;
  readonly warning: string;
  readonly font: string;
  readonly isDark: boolean;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    surface: value('--nl-surface'),
    line: value('--nl-line-strong'),
    wire: value('--nl-text-3'),
    text: value('--nl-text'),
    accent: value('--nl-accent'),
    failed: value('--nl-failed'),
    warning: value('--nl-warning'),
    font: value('--nl-font'),
    isDark: document.documentElement.dataset['mantineColorScheme'] === 'dark',
  };
}

export const familyColor = (hue: number, isDark: boolean): string =>
  isDark ? `hsl(${hue} 38% 52%)` : `hsl(${hue} 42% 52%)`;

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Marks {
  readonly selected: ReadonlySet<string>;
  readonly selectedEdges: ReadonlySet<string>;
  readonly severity: (nodeId: string) => 'error' | 'warning' | null;
}

/** A card this wide on screen has room for its name; a narrower one is a mark. */
const LEGIBLE_PX = 46;

/** Draw boxes with their family's colour, names where there is room, and every wire in one path. */
export function paintScene(
  context: CanvasRenderingContext2D,
  scene: Scene,
  camera: Camera,
  size: { readonly width: number; readonly height: number },
  catalog: Catalog,
  palette: Palette,
  marks: Marks,
): void {
  const { x, y, zoom } = camera;
  const seen: Rect = {
    x: -x / zoom,
    y: -y / zoom,
    width: size.width / zoom,
    height: size.height / zoom,
  };
  context.save();
  context.translate(x, y);
  context.scale(zoom, zoom);
  paintFrames(context, scene, palette);
  const inView = [...scene.cards.values()].filter((card) => overlaps(card, seen));
  const hueOf = ({ node }: Card): number => catalog.byType.get(node.type)?.hue ?? 0;
  for (const card of inView) {
    if (card.leads !== null) paintRegion(context, card, zoom, hueOf(card), palette, marks);
  }
  paintWires(context, scene, seen, zoom, palette, marks);
  for (const card of inView) {
    if (card.leads !== null) continue;
    if (card.node.block !== null) paintRegion(context, card, zoom, hueOf(card), palette, marks);
    else paintLayer(context, card, zoom, hueOf(card), palette, marks);
  }
  context.restore();
  paintNames(context, inView, camera, palette);
  paintTitles(context, scene.frames, camera, palette);
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && a.x + a.width > b.x && a.y < b.y + b.height && a.y + a.height > b.y;
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

function paintWires(
  context: CanvasRenderingContext2D,
  scene: Scene,
  seen: Rect,
  zoom: number,
  palette: Palette,
  marks: Marks,
): void {
  const plain = new Path2D();
  const chosen = new Path2D();
  for (const { id, curve } of scene.wires) {
    if (!overlaps(curveBounds(curve), seen)) continue;
    traceCurve(marks.selectedEdges.has(id) ? chosen : plain, curve);
  }
  context.lineWidth = 1 / zoom;
  context.strokeStyle = palette.wire;
  context.stroke(plain);
  context.lineWidth = 2 / zoom;
  context.strokeStyle = palette.accent;
  context.stroke(chosen);
}

/** A block, on its own or around what it holds, as a coloured region. */
function paintRegion(
  context: CanvasRenderingContext2D,
  card: Card,
  zoom: number,
  hue: number,
  palette: Palette,
  marks: Marks,
): void {
  const { x, y, width, height } = card;
  context.beginPath();
  context.roundRect(x, y, width, height, 8);
  if (card.leads === null) {
    context.fillStyle = palette.surface;
    context.fill();
  }
  context.fillStyle = `hsl(${hue} 45% 55% / ${card.leads === null ? 0.3 : 0.14})`;
  context.fill();
  strokeCard(context, card, zoom, familyColor(hue, palette.isDark), palette, marks);
}

/** A layer: a box with room for its name, or a mark in the colour of its family. */
function paintLayer(
  context: CanvasRenderingContext2D,
  card: Card,
  zoom: number,
  hue: number,
  palette: Palette,
  marks: Marks,
): void {
  const { x, y, width, height } = card;
  const isMark = width * zoom < LEGIBLE_PX;
  const color = familyColor(hue, palette.isDark);
  context.fillStyle = isMark ? color : palette.surface;
  context.fillRect(x, y, width, height);
  context.fillStyle = color;
  if (!isMark) context.fillRect(x, y, Math.max(6, 3 / zoom), height);
  context.beginPath();
  context.rect(x, y, width, height);
  strokeCard(context, card, zoom, isMark ? color : palette.line, palette, marks);
}

/** The outline of the path that was begun, and the sign of a problem. */
function strokeCard(
  context: CanvasRenderingContext2D,
  { id, x, y, width }: Card,
  zoom: number,
  color: string,
  palette: Palette,
  marks: Marks,
): void {
  const isSelected = marks.selected.has(id);
  context.lineWidth = (isSelected ? 2 : 1) / zoom;
  context.strokeStyle = isSelected ? palette.accent : color;
  context.stroke();
  const severity = marks.severity(id);
  if (severity === null) return;
  context.fillStyle = severity === 'error' ? palette.failed : palette.warning;
  context.beginPath();
  context.arc(x + width, y, 4.5 / zoom, 0, 2 * Math.PI);
  context.fill();
}

const LAYER_FONT_PX = 10;
const REGION_FONT_PX = 12;
const FEWEST_PX = 24;
/** From the upper edge of what holds layers to the middle of its name, on screen. */
const TITLE_PX = 8;

/** Names keep their size on screen, so that they stay legible from afar; those of blocks larger. */
function paintNames(
  context: CanvasRenderingContext2D,
  cards: readonly Card[],
  { x, y, zoom }: Camera,
  palette: Palette,
): void {
  context.fillStyle = palette.text;
  context.textBaseline = 'middle';
  for (const { node, leads, ...card } of cards) {
    const isRegion = node.block !== null;
    const width = card.width * zoom;
    if (width < (isRegion ? FEWEST_PX : LEGIBLE_PX)) continue;
    context.font = isRegion
      ? `650 ${REGION_FONT_PX}px ${palette.font}`
      : `550 ${LAYER_FONT_PX}px ${palette.font}`;
    const left = x + card.x * zoom + (isRegion ? 5 : 7);
    const isAround = leads !== null;
    const middle = y + (isAround ? card.y * zoom + TITLE_PX : (card.y + card.height / 2) * zoom);
    context.fillText(shortened(context, node.name, width - 10), left, middle);
  }
}

/** The titles of groups. */
function paintTitles(
  context: CanvasRenderingContext2D,
  frames: Scene['frames'],
  { x, y, zoom }: Camera,
  palette: Palette,
): void {
  context.font = `650 ${REGION_FONT_PX}px ${palette.font}`;
  context.fillStyle = palette.text;
  for (const { frame, ...rect } of frames) {
    const room = rect.width * zoom - 10;
    if (frame.title === '' || room < FEWEST_PX) continue;
    const middle = y + rect.y * zoom + TITLE_PX;
    context.fillText(shortened(context, frame.title, room), x + rect.x * zoom + 5, middle);
  }
}

function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  for (let length = text.length - 1; length > 0; length -= 1) {
    const short = `${text.slice(0, length)}…`;
    if (context.measureText(short).width <= room) return short;
  }
  return '';
}

/** Make the drawing surface as sharp as the screen; returns the factor. */
export function fitSurface(
  canvas: HTMLCanvasElement,
  size: { readonly width: number; readonly height: number },
): number {
  const ratio = window.devicePixelRatio;
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return ratio;
}
