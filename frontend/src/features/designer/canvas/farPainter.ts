import { fitSurface } from './colors';
import type { Size } from './geometry';
import { paintScene, type Camera, type Drawing } from './paint';

/** So much of the pane's size is painted beyond each of its sides, to be moved into view. */
const BEYOND = 0.35;

interface Picture {
  readonly canvas: HTMLCanvasElement;
  readonly drawing: Drawing;
  readonly camera: Camera;
  readonly size: Size;
  readonly ratio: number;
}

/**
 * Paints the far view. While the view only moves, what is shown is copied from a picture that
 * reaches beyond the pane, and the scene is painted again when the view leaves it.
 */
export class FarPainter {
  private picture: Picture | null = null;
  private last: { readonly drawing: Drawing; readonly zoom: number } | null = null;

  paint(canvas: HTMLCanvasElement, drawing: Drawing, camera: Camera, size: Size): void {
    const context = canvas.getContext('2d');
    if (context === null) return;
    const ratio = fitSurface(canvas, size);
    const isMove = this.last?.drawing === drawing && this.last.zoom === camera.zoom;
    this.last = { drawing, zoom: camera.zoom };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const picture = isMove ? this.pictureFor(drawing, camera, size, ratio) : null;
    if (picture === null) {
      context.scale(ratio, ratio);
      paintScene(context, drawing, camera, size);
      return;
    }
    const { x, y } = offsetIn(picture, camera);
    context.drawImage(picture.canvas, x, y);
  }

  private pictureFor(drawing: Drawing, camera: Camera, size: Size, ratio: number): Picture {
    const { picture } = this;
    const isGood =
      picture?.drawing === drawing &&
      picture.camera.zoom === camera.zoom &&
      picture.ratio === ratio &&
      picture.size.width === size.width &&
      picture.size.height === size.height &&
      covers(picture, camera);
    this.picture = isGood ? picture : paintAround(drawing, camera, size, ratio, picture?.canvas);
    return this.picture;
  }
}

/** Where on the pane the picture's corner lies, in device pixels. */
function offsetIn({ camera, size, ratio }: Picture, { x, y }: Camera): { x: number; y: number } {
  return {
    x: Math.round((x - camera.x - BEYOND * size.width) * ratio),
    y: Math.round((y - camera.y - BEYOND * size.height) * ratio),
  };
}

function covers(picture: Picture, camera: Camera): boolean {
  const { x, y } = offsetIn(picture, camera);
  const { canvas, size, ratio } = picture;
  return (
    x <= 0 &&
    y <= 0 &&
    x + canvas.width >= size.width * ratio &&
    y + canvas.height >= size.height * ratio
  );
}

function paintAround(
  drawing: Drawing,
  camera: Camera,
  size: Size,
  ratio: number,
  canvas = document.createElement('canvas'),
): Picture {
  const whole = { width: size.width * (1 + 2 * BEYOND), height: size.height * (1 + 2 * BEYOND) };
  // Setting the size clears it.
  canvas.width = Math.round(whole.width * ratio);
  canvas.height = Math.round(whole.height * ratio);
  const context = canvas.getContext('2d');
  context?.scale(ratio, ratio);
  const moved = {
    ...camera,
    x: camera.x + BEYOND * size.width,
    y: camera.y + BEYOND * size.height,
  };
  if (context !== null) paintScene(context, drawing, moved, whole);
  return { canvas, drawing, camera, size, ratio };
}
