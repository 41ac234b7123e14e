/** What a 2D canvas draws with: the theme's colours, and a surface as sharp as the screen. */

import type { Size } from './geometry';

export interface Palette {
  readonly surface: string;
  readonly line: string;
  readonly wire: string;
  readonly text: string;
  readonly accent: string;
  readonly failed: string;
  readonly warning: string;
  readonly font: string;
  readonly isDark: boolean;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    surface: value('--nl-surface'),
    line: value('--nl-line-strong'),
    wire: value('--nl-text-3'),
    text: value('--nl-text'),
    accent: value('--nl-accent'),
    failed: value('--nl-failed'),
    warning: value('--nl-warning'),
    font: value('--nl-font'),
    isDark: document.documentElement.dataset['mantineColorScheme'] === 'dark',
  };
}

export const familyColor = (hue: number, isDark: boolean): string =>
  isDark ? `hsl(${hue} 38% 52%)` : `hsl(${hue} 42% 52%)`;

/** Make the drawing surface as sharp as the screen; returns the factor. */
export function fitSurface(canvas: HTMLCanvasElement, size: Size): number {
  const ratio = window.devicePixelRatio;
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return ratio;
}
