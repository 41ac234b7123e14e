/** The drawing of a scope as an SVG of its own: made of the scene's data, not of what is on screen. */

import { boundsOf, curveBounds, curvePath, portY, type Rect } from '../canvas/geometry';
import type { Card, PlacedFrame, Scene } from '../canvas/scene';
import type { Node } from '../document/types';
import { cardLines, type Catalog } from '../state/catalog';

export interface Picture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

export interface PictureSource {
  readonly title: string;
  readonly scene: Scene;
  readonly catalog: Catalog;
  readonly blockName: (blockId: string) => string | undefined;
  /** A layer with the values of the use it is drawn for; without, those of its definition. */
  readonly nodeOf?: (path: string) => Node | undefined;
  /** `B × 64 × 56 × 56`; empty where it is not known. */
  readonly shapeOf: (nodeId: string) => string;
  /** Layers to point at: those that break a budget. */
  readonly marked?: ReadonlySet<string>;
  readonly isDark?: boolean;
}

interface Ink {
  readonly page: string;
  readonly surface: string;
  readonly line: string;
  readonly wire: string;
  readonly text: string;
  readonly dim: string;
  readonly warning: string;
  readonly lightness: number;
}

/** The colours of the app in both themes; a picture has to stand without its style sheets. */
const LIGHT: Ink = {
  page: '#ffffff', surface: '#ffffff', line: '#c6cbd1', wire: '#646d79', text: '#1b1f24',
  dim: '#4d5560', warning: '#8f5f00', lightness: 36,
}; // prettier-ignore
const DARK: Ink = {
  page: '#101316', surface: '#171b1f', line: '#3d4650', wire: '#8b95a0', text: '#e6e9ec',
  dim: '#adb5be', warning: '#e0ab4b', lightness: 72,
}; // prettier-ignore

const MARGIN = 24;
const SANS = "Inter, 'Helvetica Neue', Arial, sans-serif";
const MONO = "'JetBrains Mono', Menlo, Consolas, monospace";
const CARD_CLIP = 'card-text';
const TEXT_LEFT = 14;
const TEXT_RIGHT = 8;

export function drawPicture(source: PictureSource): Picture {
  const { scene, title, isDark = false } = source;
  const ink = isDark ? DARK : LIGHT;
  const bounds = boundsOf([...scene.cards.values(), ...scene.frames, ...wireRoom(scene)]);
  const { x, y, width, height } = grown(bounds ?? { x: 0, y: 0, width: 0, height: 0 });
  const all = [...scene.cards.values()];
  const cards = all.filter(({ leads }) => leads === null);
  const clip = Math.max(0, ...cards.map((card) => card.body));
  const cardWidth = Math.max(0, ...cards.map((card) => card.width));
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`,
    ` viewBox="${x} ${y} ${width} ${height}" font-family="${SANS}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<defs><clipPath id="${CARD_CLIP}"><rect x="0" y="0"`,
    ` width="${cardWidth - TEXT_RIGHT}" height="${clip}"/></clipPath></defs>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${ink.page}"/>`,
    ...scene.frames.map((frame) => drawFrame(frame, ink)),
    // An expanded block comes before what lies in it.
    ...all.filter(({ leads }) => leads !== null).map((card) => drawExpanded(card, source, ink)),
    `<g fill="none" stroke="${ink.wire}" stroke-width="1.5">`,
    ...scene.wires.map(({ curve }) => `<path d="${curvePath(curve)}"/>`),
    '</g>',
    ...cards.map((card) => drawCard(card, source, ink)),
    '</svg>',
  ].join('');
  return { svg, width, height };
}

/** Edges that run below or beside the cards take room as well. */
function wireRoom(scene: Scene): Rect[] {
  return scene.wires.flatMap(({ curve }) => (curve.lane === null ? [] : [curveBounds(curve)]));
}

const grown = ({ x, y, width, height }: Rect): Rect => ({
  x: Math.floor(x) - MARGIN,
  y: Math.floor(y) - MARGIN,
  width: Math.ceil(width) + 2 * MARGIN,
  height: Math.ceil(height) + 2 * MARGIN,
});

function drawFrame({ x, y, width, height, frame }: PlacedFrame, ink: Ink): string {
  const size = `x="${x}" y="${y}" width="${width}" height="${height}"`;
  return [
    `<g><rect ${size} rx="8" fill="hsl(${frame.hue},45%,55%)" fill-opacity="0.12"`,
    ` stroke="${ink.line}"/>`,
    text(x + 12, y + 22, frame.title, `font-size="13" font-weight="600" fill="${ink.text}"`),
    '</g>',
  ].join('');
}

const HEADER = 38;

/** A block that is expanded in place: a frame with its name, and where its ports lead. */
function drawExpanded(card: Card, { catalog, blockName }: PictureSource, ink: Ink): string {
  const { node, ports, x, y, width, height, axis, leads } = card;
  const hue = catalog.byType.get(node.type)?.hue ?? 0;
  const block = node.block === null ? '' : (blockName(node.block) ?? '');
  const repeat = node.repeat > 1 ? `  × ${node.repeat}` : '';
  const port = (cx: number, index: number, count: number): string =>
    drawPort(x + cx, y + portY(index, count, axis), ink);
  return [
    `<g><title>${escaped([node.name, block, 'expanded'].filter(Boolean).join(', '))}</title>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8"`,
    ` fill="hsl(${hue},40%,55%)" fill-opacity="0.09" stroke="hsl(${hue},30%,55%)"/>`,
    `<path d="M${x},${y + HEADER}h${width}" stroke="hsl(${hue},30%,55%)" stroke-opacity="0.5"/>`,
    text(x + 12, y + 24, `${node.name}${repeat}`, `font-size="13.5" font-weight="600" fill="${ink.text}"`),
    text(x + width - 12, y + 24, block, `font-size="12" text-anchor="end" fill="${ink.dim}"`),
    `<g fill="none" stroke="${ink.wire}" stroke-width="1.5">`,
    ...(leads ?? []).map((lead) => `<path d="${curvePath(lead)}"/>`),
    '</g>',
    ...ports.inputs.map((_, index) => port(0, index, ports.inputs.length)),
    ...ports.outputs.map((_, index) => port(width, index, ports.outputs.length)),
    '</g>',
  ].join('');
}

const drawPort = (cx: number, cy: number, ink: Ink): string =>
  `<circle cx="${cx}" cy="${cy}" r="4" fill="${ink.surface}" stroke="${ink.wire}"/>`;

function drawCard(card: Card, source: PictureSource, ink: Ink): string {
  const { ports, x, y, width, body, axis } = card;
  const node = source.nodeOf?.(card.id) ?? card.node;
  const layer = source.catalog.byType.get(node.type);
  const type = (node.block === null ? undefined : source.blockName(node.block)) ?? layer?.title;
  const name = node.repeat > 1 ? `${node.name}  × ${node.repeat}` : node.name;
  const params = cardLines(layer, node)
    .map(({ title, value }) => `${title} ${value.replaceAll(' × ', '×')}`.trim())
    .join('  ');
  const hue = layer?.hue ?? 0;
  const shape = source.shapeOf(card.id);
  const port = (cx: number, index: number, count: number): string =>
    drawPort(cx, portY(index, count, axis), ink);
  const isMarked = source.marked?.has(card.id) ?? false;
  const outline = isMarked
    ? `stroke="${ink.warning}" stroke-width="3"`
    : `stroke="${ink.line}"`;
  const mono = `font-family="${MONO}" font-size="11"`;
  return [
    `<g transform="translate(${x},${y})">`,
    `<title>${escaped([name, type ?? node.type, shape].filter(Boolean).join(', '))}</title>`,
    `<rect width="${width}" height="${body}" rx="6" fill="${ink.surface}" ${outline}/>`,
    `<path d="M6,0H5V${body}H6A6,6 0 0 1 0,${body - 6}V6A6,6 0 0 1 6,0Z"`,
    ` fill="hsl(${hue},42%,52%)"/>`,
    `<g clip-path="url(#${CARD_CLIP})">`,
    text(TEXT_LEFT, 20, name, `font-size="13.5" font-weight="600" fill="${ink.text}"`),
    text(TEXT_LEFT, 36, type ?? node.type, `font-size="12" fill="hsl(${hue},45%,${ink.lightness}%)"`),
    text(TEXT_LEFT, 53, params, `${mono} fill="${ink.dim}"`),
    `<path d="M${TEXT_LEFT},${body - 25}H${width}" stroke="${ink.line}" stroke-width="0.5"/>`,
    text(TEXT_LEFT, body - 9, shape === '' ? '–' : shape, `${mono} fill="${ink.text}"`),
    '</g>',
    ...ports.inputs.map((_, index) => port(0, index, ports.inputs.length)),
    ...ports.outputs.map((_, index) => port(width, index, ports.outputs.length)),
    '</g>',
  ].join('');
}

function text(x: number, y: number, content: string, style: string): string {
  return content === '' ? '' : `<text x="${x}" y="${y}" ${style}>${escaped(content)}</text>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;',
}; // prettier-ignore

/** Text for XML, without the characters that XML has no way to write. */
export function escaped(content: string): string {
  return content
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
}
