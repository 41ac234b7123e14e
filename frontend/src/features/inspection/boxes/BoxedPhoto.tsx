import { useElementSize } from '@mantine/hooks';
import { useState, type CSSProperties, type Ref } from 'react';
import type { FoundBox, FoundBoxes } from '@/api';
import { TESTIDS } from '@/lib';
import { keepPixels } from '../image/keepPixels';
import { boxColor, boxName, scoreText } from './boxes';
import classes from './Boxes.module.css';

/** With more than these, names would hide the image; the one that is looked at keeps its own. */
const MOST_NAMED = 40;
const NAME_HEIGHT_PX = 18;

interface BoxedPhotoProps {
  found: FoundBoxes;
  boxes: readonly FoundBox[];
  imageUrl: string;
  /** What the network received: shown where the browser cannot read the image itself. */
  inputUrl: string;
  label: string;
  /** Every pixel of the image as one of the screen. */
  isActualSize: boolean;
  chosen: number | null;
  onChoose: (index: number | null) => void;
}

/** The image with its own pixels, and boxes drawn over it at the size they are shown in. */
export function BoxedPhoto(props: BoxedPhotoProps) {
  const { found, boxes, imageUrl, inputUrl, label, isActualSize, chosen, onChoose } = props;
  const { width, height } = found;
  const { ref, width: shownWidth } = useElementSize<HTMLDivElement>();
  const [isUnreadable, setUnreadable] = useState(false);
  const scale = shownWidth / width;
  const order = boxes.map((_box, index) => index).filter((index) => index !== chosen);
  if (chosen !== null && chosen < boxes.length) order.push(chosen);
  return (
    <div
      className={classes.stage}
      data-actual={isActualSize || undefined}
      role="group"
      aria-label="The image with its boxes"
      tabIndex={isActualSize ? 0 : undefined}
    >
      <div
        ref={ref}
        className={classes.frame}
        style={{ '--photo-width': width, '--photo-height': height }}
        data-testid={TESTIDS.inspect.boxes}
      >
        {isUnreadable ? (
          <img src={inputUrl} alt="" style={partOf(found)} />
        ) : (
          <img src={imageUrl} alt="" onLoad={keepPixels} onError={() => setUnreadable(true)} />
        )}
        <svg role="img" aria-label={label} width="100%" height="100%">
          {scale > 0 &&
            order.map((index) => {
              const box = boxes[index];
              return box && <Frame key={index} box={box} scale={scale} isChosen={index === chosen} ref={isActualSize && index === chosen ? reveal : undefined} onChoose={() => onChoose(index)} />;
            })}
        </svg>
        {scale > 0 &&
          order.map((index) => {
            const box = boxes[index];
            if (!box || (boxes.length > MOST_NAMED && index !== chosen)) return null;
            return <Name key={index} box={box} scale={scale} isChosen={index === chosen} />;
          })}
      </div>
    </div>
  );
}

interface DrawnProps {
  box: FoundBox;
  scale: number;
  isChosen: boolean;
}

/** A line in the colour of its class on a dark one: seen on any photo. */
function Frame({ box, scale, isChosen, onChoose, ref }: DrawnProps & { onChoose: () => void; ref?: Ref<SVGGElement> | undefined }) {
  const place = {
    x: box.x1 * scale,
    y: box.y1 * scale,
    width: Math.max(0, box.x2 - box.x1) * scale,
    height: Math.max(0, box.y2 - box.y1) * scale,
  };
  return (
    <g ref={ref} data-box data-chosen={isChosen || undefined} onClick={onChoose}>
      <title>{`${boxName(box)} ${scoreText(box.score)}`}</title>
      <rect {...place} className={classes.under} />
      <rect {...place} className={classes.over} stroke={boxColor(box.label)} />
    </g>
  );
}

/** Above its box; inside where there is no room above. The list says the same to who cannot see it. */
function Name({ box, scale, isChosen }: DrawnProps) {
  const top = box.y1 * scale;
  return (
    <span
      className={classes.name}
      data-chosen={isChosen || undefined}
      style={{ left: box.x1 * scale, top: top < NAME_HEIGHT_PX ? top : top - NAME_HEIGHT_PX, backgroundColor: boxColor(box.label) }}
      aria-hidden
    >
      {boxName(box)} · {scoreText(box.score)}
    </span>
  );
}

/** Scrolls to the chosen box, where only a part of the image is seen. */
function reveal(box: SVGGElement | null): void {
  box?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** Where the network's input lies on the image, as far as it was cropped or padded. */
function partOf({ seen: [left, top, right, bottom], width, height }: FoundBoxes): CSSProperties {
  const share = (value: number, whole: number) => `${String((value / whole) * 100)}%`;
  return {
    inset: 'auto',
    left: share(left, width),
    top: share(top, height),
    width: share(right - left, width),
    height: share(bottom - top, height),
  };
}
