import { useEffect, useRef } from 'react';
import { colorTable, colorize, type ValueRange } from './colorMap';
import classes from './ImageTab.module.css';

interface HeatMapProps {
  imageUrl: string;
  /** 8-bit grey picture that spans `range`; absent while nothing is known yet. */
  heatmapUrl: string | null;
  range: ValueRange;
  /** 0 shows the image alone, 1 the map alone. */
  opacity: number;
  label: string;
}

/** A heat map over its image. */
export function HeatMap({ imageUrl, heatmapUrl, range, opacity, label }: HeatMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { min, max } = range;
  useEffect(() => {
    const target = canvas.current;
    if (heatmapUrl === null || !target) return;
    const picture = new Image();
    picture.onload = () => draw(target, picture, { min, max });
    picture.src = heatmapUrl;
    return () => {
      picture.onload = null;
    };
  }, [heatmapUrl, min, max]);
  return (
    <div className={classes.picture}>
      <img src={imageUrl} alt={label} />
      <canvas ref={canvas} style={{ opacity }} hidden={heatmapUrl === null} aria-hidden />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, picture: HTMLImageElement, range: ValueRange): void {
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context || canvas.width === 0) return;
  context.drawImage(picture, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  colorize(pixels.data, colorTable(range));
  context.putImageData(pixels, 0, 0);
  canvas.dataset['drawn'] = 'true';
}
