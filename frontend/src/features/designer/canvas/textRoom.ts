/**
 * Whether a text may be too long for its line. What surely fits is not clipped: every clip is one
 * more thing that the browser puts together on each frame in which the canvas moves.
 */

/** In em, at least as wide as any of the kind in Inter at weight 600. */
const WIDEST = 1.1;
const CAPITAL = 0.82;
const OTHER = 0.68;
const MONO = 0.62;

/** @param em The length of the line. */
export function mayExceed(text: string, em: number): boolean {
  let length = 0;
  for (const letter of text) length += widthOf(letter);
  return length > em;
}

/** The same of a text whose letters all have the width of JetBrains Mono's. */
export function monoMayExceed(text: string, em: number): boolean {
  let length = 0;
  for (const letter of text) length += letter < '\u2000' ? MONO : WIDEST;
  return length > em;
}

function widthOf(letter: string): number {
  if (/[a-ln-vx-z0-9_.,:; \-/×()]/.test(letter)) return OTHER;
  return /[A-LN-VX-Z]/.test(letter) ? CAPITAL : WIDEST;
}
