import { boundsOf, CARD_WIDTH, cardHeight, type Rect } from '../canvas/geometry';
import { portsIn } from '../document/ports';
import { lookup } from '../document/records';
import { scopeOf } from '../document/scope';
import type { Catalog } from '../state/catalog';
import type { Region } from '../state/commentsApi';
import { type EditorState } from '../state/editor';
import { scopeIdOf } from '../state/editorPlace';

const MARGIN_PX = 16;

/** The rectangle around what is selected; null without a selection. */
export function regionOf(state: EditorState, catalog: Catalog): Region | null {
  const { document, nodeIds, frameIds } = state;
  const { nodes } = scopeOf(document, scopeIdOf(state));
  const portsOf = portsIn(document, catalog.layerPorts);
  const cards = [...nodeIds].flatMap((id): Rect[] => {
    const node = lookup(nodes, id);
    const place = lookup(document.view.positions, id);
    if (node === undefined || place === undefined) return [];
    return [{ ...place, width: CARD_WIDTH, height: cardHeight(portsOf(node)) }];
  });
  const frames = [...frameIds].flatMap((id): Rect[] => {
    const frame = lookup(document.view.frames, id);
    return frame ? [{ x: frame.x, y: frame.y, width: frame.width_px, height: frame.height_px }] : [];
  });
  const bounds = boundsOf([...cards, ...frames]);
  if (bounds === null) return null;
  return {
    x: bounds.x - MARGIN_PX,
    y: bounds.y - MARGIN_PX,
    width_px: bounds.width + 2 * MARGIN_PX,
    height_px: bounds.height + 2 * MARGIN_PX,
  };
}

export const rectOf = ({ x, y, width_px: width, height_px: height }: Region): Rect => ({
  x,
  y,
  width,
  height,
});
