import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Item, LabelClass } from '@/api';
import { TESTIDS } from '@/lib';
import classes from './Gallery.module.css';
import { gridLayout, scrollFor, tilePosition, visibleRange } from './gridLayout';
import { isMoveKey, move, selectAll, type Selection } from './selection';
import { Tile } from './Tile';
import { useRubberBand } from './useRubberBand';

interface GalleryProps {
  items: readonly Item[];
  total: number;
  classList: readonly LabelClass[];
  selection: Selection;
  tileSize: number;
  onSelect: (selection: Selection) => void;
  onOpen: (index: number) => void;
  /** The tiles around `index` come into view. */
  onReach: (index: number) => void;
  /** Keys that the gallery itself has no use for: classes, undo. Answers whether it used one. */
  onKey: (event: KeyboardEvent) => boolean;
}

/** Scrolls any number of images: only the visible rows exist, and no tile ever moves. */
export function Gallery(props: GalleryProps) {
  const { items, total, classList, selection, tileSize, onSelect, onOpen, onReach, onKey } = props;
  const { ref: heightRef, height } = useElementSize<HTMLDivElement>();
  const { ref: widthRef, width } = useElementSize<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement>(null);
  const scrollerRef = useMergedRef(scroller, heightRef);
  const [scrollTop, setScrollTop] = useState(0);
  const layout = useMemo(() => gridLayout(Math.max(0, width), total, tileSize), [width, total, tileSize]);
  const { first, last } = visibleRange(layout, total, scrollTop, height);
  const byId = useMemo(() => new Map(classList.map((each) => [each.id, each])), [classList]);
  const rubber = useRubberBand({ scroller, layout, count: items.length, selection, onSelect, onOpen });
  const baseId = useId();

  useEffect(() => onReach(last), [last, onReach, items.length]);

  const handleKey = (event: KeyboardEvent) => {
    if (isMoveKey(event.key)) {
      event.preventDefault();
      const rowsPerPage = Math.max(1, Math.floor(height / layout.tileHeight));
      const grid = { columns: layout.columns, rowsPerPage, count: items.length };
      const next = move(selection, event.key, grid, event.shiftKey);
      onSelect(next);
      if (next.cursor !== null) {
        const target = scrollFor(layout, next.cursor, scroller.current?.scrollTop ?? 0, height);
        if (target !== null) scroller.current?.scrollTo({ top: target });
      }
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'a') {
      event.preventDefault();
      onSelect(selectAll(selection, items.length));
    } else if (event.key === 'Enter' && selection.cursor !== null) {
      event.preventDefault();
      onOpen(selection.cursor);
    } else if (onKey(event)) event.preventDefault();
  };

  const tiles = Array.from({ length: Math.max(0, last - first) }, (_unused, offset) => first + offset);
  return (
    <div
      ref={scrollerRef}
      className={classes.scroller}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      onKeyDown={handleKey}
      {...rubber.handlers}
      tabIndex={0}
      role="listbox"
      aria-multiselectable
      aria-label={`Images, ${String(total)} in all`}
      aria-activedescendant={selection.cursor === null ? undefined : `${baseId}-${String(selection.cursor)}`}
      data-testid={TESTIDS.data.gallery}
    >
      <div ref={widthRef} className={classes.canvas} style={{ height: layout.height }} role="presentation">
        {width > 0 &&
          tiles.map((index) => {
            const item = items[index];
            return (
              <Tile
                key={item?.id ?? index}
                id={`${baseId}-${String(index)}`}
                item={item}
                index={index}
                labelClass={byId.get(item?.label?.class_id ?? '')}
                width={layout.tileWidth}
                height={layout.tileHeight}
                {...tilePosition(layout, index)}
                isSelected={selection.chosen.has(index)}
                isCursor={selection.cursor === index}
              />
            );
          })}
        {rubber.rect && (
          <div
            className={classes.band}
            style={{
              left: rubber.rect.left,
              top: rubber.rect.top,
              width: rubber.rect.right - rubber.rect.left,
              height: rubber.rect.bottom - rubber.rect.top,
            }}
          />
        )}
      </div>
    </div>
  );
}
