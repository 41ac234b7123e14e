import { useEffect } from 'react';
import type { Designer } from '../state/DesignerContext';
import classes from './Print.module.css';
import { pictureOf } from './savePicture';

/** On paper, the page is the drawing: light, whole, and without the panels around it. */
export function usePrinting(designer: Designer): void {
  useEffect(() => {
    let sheet: HTMLElement | null = null;
    const take = (): void => {
      sheet?.remove();
      sheet = null;
      delete document.body.dataset['printing'];
    };
    const put = (): void => {
      take();
      const { svg } = pictureOf(designer, null);
      const drawn = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
      sheet = document.createElement('div');
      sheet.className = classes.sheet ?? '';
      sheet.append(document.importNode(drawn, true));
      document.body.append(sheet);
      document.body.dataset['printing'] = 'network';
    };
    window.addEventListener('beforeprint', put);
    window.addEventListener('afterprint', take);
    return () => {
      take();
      window.removeEventListener('beforeprint', put);
      window.removeEventListener('afterprint', take);
    };
  }, [designer]);
}
