import type { Item, LabelClass, Split } from '@/api';
import { TESTIDS } from '@/lib';
import classes from './Gallery.module.css';

/** Most images are for training; only what is not says so on the picture. */
const SPLIT_BADGES: Record<Split, { badge: string | null; name: string }> = {
  train: { badge: null, name: 'train' },
  validation: { badge: 'Val', name: 'validation' },
  test: { badge: 'Test', name: 'test' },
  unassigned: { badge: 'No split', name: 'no split' },
};

interface TileProps {
  id: string;
  item: Item | undefined;
  labelClass: LabelClass | undefined;
  index: number;
  left: number;
  top: number;
  width: number;
  height: number;
  isSelected: boolean;
  isCursor: boolean;
}

/** One image of fixed size: the picture, its class below, its split at the corner. */
export function Tile({ id, item, labelClass, index, left, top, width, height, isSelected, isCursor }: TileProps) {
  const style = { width, height, transform: `translate(${String(left)}px, ${String(top)}px)` };
  if (!item) return <div className={classes.placeholder} style={style} aria-hidden />;
  const caption = captionOf(item, labelClass);
  const split = SPLIT_BADGES[item.split];
  return (
    <div
      id={id}
      role="option"
      aria-selected={isSelected}
      aria-posinset={index + 1}
      aria-label={`${item.file_name}, ${caption}, ${split.name}`}
      className={classes.tile}
      style={style}
      data-index={index}
      data-selected={isSelected || undefined}
      data-cursor={isCursor || undefined}
      data-testid={TESTIDS.data.tile}
      data-item={item.id}
      title={item.file_name}
    >
      <div className={classes.picture}>
        <img
          src={item.thumbnail_url}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={(event) => {
            event.currentTarget.dataset['broken'] = 'true';
          }}
          data-tiny={Math.max(item.width, item.height) <= 64 || undefined}
        />
        {split.badge !== null && (
          <span className={classes.split} data-split={item.split}>
            {split.badge}
          </span>
        )}
      </div>
      <div className={classes.caption} data-state={item.state}>
        <span className={classes.swatch} style={{ '--class-color': labelClass?.color }} aria-hidden />
        <span className={classes.captionText}>{caption}</span>
      </div>
    </div>
  );
}

function captionOf(item: Item, labelClass: LabelClass | undefined): string {
  switch (item.state) {
    case 'labeled':
      return labelClass?.name ?? 'unknown class';
    case 'reviewed_empty':
      return 'none of them';
    case 'unlabeled':
      return 'not labeled';
  }
}
