/** Names on a 2D canvas: they keep their size on screen, so that they stay legible from afar. */

import type { Palette } from './colors';
import type { Camera } from './paint';
import type { Card, Scene } from './scene';

/** A card this wide on screen has room for its name; a narrower one is a mark. */
export const LEGIBLE_PX = 46;
const LAYER_FONT_PX = 10;
const REGION_FONT_PX = 12;
const FEWEST_PX = 24;
/** From the upper edge of what holds layers to the middle of its name, on screen. */
const TITLE_PX = 8;

/** Those of blocks larger. */
export function paintNames(
  context: CanvasRenderingContext2D,
  cards: readonly Card[],
  { x, y, zoom }: Camera,
  palette: Palette,
): void {
  context.fillStyle = palette.text;
  context.textBaseline = 'middle';
  let fontOfRegion: boolean | null = null;
  for (const card of cards) {
    const isRegion = card.node.block !== null;
    const width = card.width * zoom;
    if (width < (isRegion ? FEWEST_PX : LEGIBLE_PX)) continue;
    if (fontOfRegion !== isRegion) {
      context.font = isRegion
        ? `650 ${REGION_FONT_PX}px ${palette.font}`
        : `550 ${LAYER_FONT_PX}px ${palette.font}`;
      fontOfRegion = isRegion;
    }
    const left = x + card.x * zoom + (isRegion ? 5 : 7);
    const isAround = card.leads !== null;
    const middle = y + (isAround ? card.y * zoom + TITLE_PX : (card.y + card.height / 2) * zoom);
    context.fillText(shortened(context, card.node.name, width - 10), left, middle);
  }
}

/** The titles of groups. */
export function paintTitles(
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
