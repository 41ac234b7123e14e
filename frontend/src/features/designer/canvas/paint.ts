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

const LEGIBLE_PX = 34;

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
  paintWires(context, scene, seen, zoom, palette, marks);
  const named: Card[] = [];
  for (const card of scene.cards.values()) {
    if (!overlaps(card, seen)) continue;
    paintCard(context, card, zoom, catalog, palette, marks);
    if (card.width * zoom >= LEGIBLE_PX) named.push(card);
  }
  context.restore();
  paintNames(context, named, camera, palette);
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && a.x + a.width > b.x && a.y < b.y + b.height && a.y + a.height > b.y;
}

function paintFrames(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  for (const { x, y, width, height, frame } of scene.frames) {
    context.fillStyle = `hsl(${frame.hue} 45% 55% / 0.12)`;
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

function paintCard(
  context: CanvasRenderingContext2D,
  card: Card,
  zoom: number,
  catalog: Catalog,
  palette: Palette,
  marks: Marks,
): void {
  const { x, y, width, height } = card;
  const isSelected = marks.selected.has(card.id);
  const severity = marks.severity(card.id);
  context.fillStyle = palette.surface;
  context.fillRect(x, y, width, height);
  context.fillStyle = familyColor(catalog.byType.get(card.node.type)?.hue ?? 0, palette.isDark);
  context.fillRect(x, y, Math.max(6, 3 / zoom), height);
  context.lineWidth = (isSelected ? 2 : 1) / zoom;
  context.strokeStyle = isSelected ? palette.accent : palette.line;
  context.strokeRect(x, y, width, height);
  if (severity === null) return;
  context.fillStyle = severity === 'error' ? palette.failed : palette.warning;
  context.beginPath();
  context.arc(x + width, y, 4.5 / zoom, 0, 2 * Math.PI);
  context.fill();
}

/** Names keep their size on screen, so that they stay legible from afar. */
function paintNames(
  context: CanvasRenderingContext2D,
  cards: readonly Card[],
  { x, y, zoom }: Camera,
  palette: Palette,
): void {
  context.font = `550 10px ${palette.font}`;
  context.fillStyle = palette.text;
  context.textBaseline = 'middle';
  for (const card of cards) {
    const room = card.width * zoom - 10;
    const left = x + card.x * zoom + 7;
    const middle = y + (card.y + card.height / 2) * zoom;
    context.fillText(shortened(context, card.node.name, room), left, middle);
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
