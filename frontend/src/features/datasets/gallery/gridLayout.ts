/** Geometry of the gallery: every tile has the same size, so nothing ever moves while loading. */

export interface GridLayout {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  height: number;
}

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const GAP = 8;
export const CAPTION = 24;

/** Fits as many columns as the width holds and shares what is left among them. */
export function gridLayout(width: number, count: number, wantedTile: number): GridLayout {
  const columns = Math.max(1, Math.floor((width + GAP) / (wantedTile + GAP)));
  const tileWidth = Math.max(1, Math.floor((width - GAP * (columns - 1)) / columns));
  const tileHeight = tileWidth + CAPTION;
  const rows = Math.ceil(count / columns);
  return { columns, rows, tileWidth, tileHeight, height: Math.max(0, rows * (tileHeight + GAP) - GAP) };
}

/** Indices to draw: the visible rows and a few on both sides. */
export function visibleRange(
  layout: GridLayout,
  count: number,
  scrollTop: number,
  viewHeight: number,
  overscanRows = 3,
): { first: number; last: number } {
  const step = layout.tileHeight + GAP;
  const firstRow = Math.max(0, Math.floor(scrollTop / step) - overscanRows);
  const lastRow = Math.ceil((scrollTop + viewHeight) / step) + overscanRows;
  return {
    first: Math.min(count, firstRow * layout.columns),
    last: Math.min(count, lastRow * layout.columns),
  };
}

export function tilePosition(layout: GridLayout, index: number): { left: number; top: number } {
  return {
    left: (index % layout.columns) * (layout.tileWidth + GAP),
    top: Math.floor(index / layout.columns) * (layout.tileHeight + GAP),
  };
}

/** Indices of the tiles that a rubber band touches. */
export function tilesIn(layout: GridLayout, count: number, band: Rect): number[] {
  const stepX = layout.tileWidth + GAP;
  const stepY = layout.tileHeight + GAP;
  const firstRow = Math.max(0, Math.floor((band.top + GAP) / stepY));
  const lastRow = Math.min(layout.rows - 1, Math.floor(band.bottom / stepY));
  const firstColumn = Math.max(0, Math.floor((band.left + GAP) / stepX));
  const lastColumn = Math.min(layout.columns - 1, Math.floor(band.right / stepX));
  const indices: number[] = [];
  for (let row = firstRow; row <= lastRow; row += 1) {
    for (let column = firstColumn; column <= lastColumn; column += 1) {
      const index = row * layout.columns + column;
      if (index < count) indices.push(index);
    }
  }
  return indices;
}

/** Where to scroll so that a tile is wholly visible; `null` when it is already. */
export function scrollFor(
  layout: GridLayout,
  index: number,
  scrollTop: number,
  viewHeight: number,
): number | null {
  const { top } = tilePosition(layout, index);
  if (top < scrollTop) return top;
  const bottom = top + layout.tileHeight;
  return bottom > scrollTop + viewHeight ? bottom - viewHeight : null;
}
