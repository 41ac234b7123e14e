import { describe, expect, test } from 'vitest';
import { colorTable, colorize, isSigned } from './colorMap';

const at = (table: Uint8ClampedArray, level: number) => [...table.subarray(level * 4, level * 4 + 4)];
const lightness = ([red = 0, green = 0, blue = 0]: number[]) => 0.3 * red + 0.59 * green + 0.11 * blue;

describe('colours of a heat map', () => {
  test('how much: lighter means more, always opaque', () => {
    const table = colorTable({ min: 0, max: 3 });
    for (let level = 16; level < 256; level += 16) {
      expect(lightness(at(table, level))).toBeGreaterThan(lightness(at(table, level - 16)));
      expect(at(table, level)[3]).toBe(255);
    }
  });

  test('for and against: zero is transparent, the sign decides the hue, the size the alpha', () => {
    const range = { min: -1, max: 3 };
    expect(isSigned(range)).toBe(true);
    const table = colorTable(range);
    const zero = Math.round((1 / 4) * 255);
    expect(at(table, zero)[3]).toBeLessThan(4);
    const [againstRed = 0, , againstBlue = 0, againstAlpha = 0] = at(table, 0);
    const [forRed = 0, , forBlue = 0, forAlpha = 0] = at(table, 255);
    expect(againstBlue).toBeGreaterThan(againstRed);
    expect(forRed).toBeGreaterThan(forBlue);
    // A third as strong as the strongest voice is a third as visible.
    expect(againstAlpha).toBeCloseTo(255 / 3, -1);
    expect(forAlpha).toBe(255);
  });

  test('an even map does not divide by zero', () => {
    expect(at(colorTable({ min: 0, max: 0 }), 0)).toEqual([0, 0, 4, 255]);
  });

  test('pixels take the colour of their level', () => {
    const table = colorTable({ min: 0, max: 1 });
    const pixels = new Uint8ClampedArray([255, 255, 255, 255, 0, 0, 0, 255]);
    colorize(pixels, table);
    expect([...pixels.subarray(0, 4)]).toEqual(at(table, 255));
    expect([...pixels.subarray(4)]).toEqual(at(table, 0));
  });
});
