import type { TensorSummary } from '@/api';
import { DESIGNER_IDS } from '../testids';
import classes from './FoundBoxes.module.css';
import { boxName, pictureLabel, shareText, type FoundBox } from './words';

/** Below this width one sees the pixels of an image rather than a blur. */
const SMALL_PX = 100;

interface FoundBoxesProps {
  picture: NonNullable<TensorSummary['picture']>;
  /** As on a card: no list. */
  isSmall?: boolean;
}

/** What a detector found: boxes over the image, and the best of them in words. */
export function FoundBoxes({ picture, isSmall = false }: FoundBoxesProps) {
  const boxes = picture.boxes ?? [];
  const width = picture.width || Math.max(1, ...boxes.map(({ x2 }) => x2));
  const height = picture.height || Math.max(1, ...boxes.map(({ y2 }) => y2));
  return (
    <>
      <svg
        className={isSmall ? classes.small : classes.large}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={pictureLabel(picture)}
        data-testid={isSmall ? undefined : DESIGNER_IDS.previewBoxes}
      >
        {picture.url == null ? (
          <rect className={classes.blank} width={width} height={height} />
        ) : (
          <image
            className={width < SMALL_PX ? classes.pixels : undefined}
            href={picture.url}
            width={width}
            height={height}
            preserveAspectRatio="none"
          />
        )}
        {boxes.map((box, index) => (
          <Frame key={index} box={box} />
        ))}
      </svg>
      {isSmall ? (
        <span className={classes.count}>{pictureLabel(picture)}</span>
      ) : (
        <Listed picture={picture} boxes={boxes} />
      )}
    </>
  );
}

/** A light line on a dark one: seen on any photo. */
function Frame({ box }: { box: FoundBox }) {
  const place = {
    x: box.x1,
    y: box.y1,
    width: Math.max(0, box.x2 - box.x1),
    height: Math.max(0, box.y2 - box.y1),
  };
  return (
    <g data-box>
      <title>{`${boxName(box)}, ${shareText(box.score)}`}</title>
      <rect {...place} className={classes.under} />
      <rect {...place} className={classes.over} />
    </g>
  );
}

function Listed({ picture, boxes }: { picture: FoundBoxesProps['picture']; boxes: FoundBox[] }) {
  return (
    <>
      <p className={classes.note}>
        {pictureLabel(picture)}
        {picture.url == null && boxes.length > 0 && '; choose an image to see what they hold'}
      </p>
      {boxes.length > 0 && (
        <ol className={classes.list} tabIndex={0} aria-label="Boxes, the best first">
          {boxes.map((box, index) => (
            <li key={index}>
              <span className={classes.name}>{boxName(box)}</span>
              <span className={classes.number}>
                {[box.x1, box.y1, box.x2, box.y2].map((each) => Math.round(each)).join(', ')}
              </span>
              <span className={classes.number}>{shareText(box.score)}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
