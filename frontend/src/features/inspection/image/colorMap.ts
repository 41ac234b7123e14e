/** Colours of heat maps. Drawn here and not on the server, so that the opacity is free to change. */

type Color = readonly [red: number, green: number, blue: number];

/** Dark to light, even in lightness (after matplotlib's inferno, public domain). */
const SEQUENTIAL: readonly Color[] = [
  [0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164],
];
/** Blue speaks against the class, red for it; colour-blind safe. */
const AGAINST: Color = [33, 102, 172];
const IN_FAVOUR: Color = [178, 24, 43];

export interface ValueRange {
  min: number;
  max: number;
}

/** A map with values on both sides of zero says for and against; one without says how much. */
export const isSigned = ({ min, max }: ValueRange): boolean => min < 0 && max > 0;

function sequential(share: number): Color {
  const place = Math.min(1, Math.max(0, share)) * (SEQUENTIAL.length - 1);
  const low = SEQUENTIAL[Math.floor(place)] ?? [0, 0, 0];
  const high = SEQUENTIAL[Math.ceil(place)] ?? low;
  const mix = place - Math.floor(place);
  return [
    low[0] + (high[0] - low[0]) * mix,
    low[1] + (high[1] - low[1]) * mix,
    low[2] + (high[2] - low[2]) * mix,
  ];
}

/** Colour and alpha of the 256 grey levels of an 8-bit map that spans `range`. */
export function colorTable(range: ValueRange): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  const reach = Math.max(Math.abs(range.min), Math.abs(range.max)) || 1;
  const hasSigns = isSigned(range);
  for (let level = 0; level < 256; level += 1) {
    const value = range.min + (level / 255) * (range.max - range.min);
    if (hasSigns) table.set([...(value < 0 ? AGAINST : IN_FAVOUR), 255 * Math.min(1, Math.abs(value) / reach)], level * 4);
    else table.set([...sequential(level / 255), 255], level * 4);
  }
  return table;
}

/** Colours RGBA pixels in place by their red channel. */
export function colorize(pixels: Uint8ClampedArray, table: Uint8ClampedArray): void {
  for (let at = 0; at < pixels.length; at += 4) {
    const level = (pixels[at] ?? 0) * 4;
    pixels.set(table.subarray(level, level + 4), at);
  }
}

/** The legend's gradient as CSS, from the smallest to the largest value. */
export function legendGradient(range: ValueRange): string {
  const table = colorTable(range);
  const stops = Array.from({ length: 17 }, (_unused, step) => {
    const at = Math.round((step / 16) * 255) * 4;
    const [red, green, blue, alpha] = table.subarray(at, at + 4);
    return `rgb(${String(red)} ${String(green)} ${String(blue)} / ${((alpha ?? 255) / 255).toFixed(2)})`;
  });
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
