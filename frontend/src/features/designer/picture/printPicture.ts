/** The drawing on paper: light, whole, and without the page around it. */

import type { Designer } from '../state/DesignerContext';
import classes from './Print.module.css';
import { loadedImage, pictureOf } from './savePicture';

/** As an image and not as part of the page: whatever the drawing says stays a picture. */
export async function printPicture(designer: Designer): Promise<void> {
  const { image, release } = await loadedImage(pictureOf(designer, null));
  const sheet = document.createElement('div');
  sheet.className = classes.sheet ?? '';
  sheet.append(image);
  document.body.append(sheet);
  document.body.dataset['printing'] = 'network';
  const clear = (): void => {
    sheet.remove();
    delete document.body.dataset['printing'];
    release();
  };
  window.addEventListener('afterprint', clear, { once: true });
  window.print();
}
