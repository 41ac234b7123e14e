import { spotlight } from '@mantine/spotlight';
import { flushSync } from 'react-dom';

export const PALETTE_FIELD_ID = 'palette-field';

/**
 * Open the palette with the keyboard in its field before this returns.
 *
 * The modal gives the field the keyboard some frames later, and what was typed until then went to
 * the page below. The palette has no transition, so it is drawn here at once.
 */
export function openPalette(): void {
  flushSync(() => spotlight.open());
  document.getElementById(PALETTE_FIELD_ID)?.focus({ preventScroll: true });
}
