import { describe, expect, it } from 'vitest';
import { amountText, parseAmount } from './amounts';

const BYTES = { isBytes: true, unit: 1e6 };

describe('amounts that are typed', () => {
  it.each([
    ['50000', 50_000],
    ['50,000', 50_000],
    ['1 250 000', 1_250_000],
    ['50k', 50_000],
    ['50 K', 50_000],
    ['1.2M', 1_200_000],
    ['4.1 G', 4_100_000_000],
    ['2b', 2_000_000_000],
    ['1e6', 1_000_000],
    ['.5M', 500_000],
  ])('reads %s', (text, value) => expect(parseAmount(text)).toBe(value));

  it.each([
    ['20 MB', 20_000_000],
    ['1.5gb', 1_500_000_000],
    ['4 MiB', 4_194_304],
    ['512 B', 512],
    ['3G', 3_000_000_000],
    ['20', 20_000_000],
  ])('reads %s as bytes', (text, value) => expect(parseAmount(text, BYTES)).toBe(value));

  it.each(['', 'many', '1,2', '-5', '5 apples', '1.2.3', '12 MB'])('does not guess at %j', (text) =>
    expect(parseAmount(text)).toBeNull(),
  );

  it.each([50_000, 1_200_000, 4_100_000_000, 1_234_567, 999, 64, 1_048_576])(
    'says %d so that it is read back',
    (value) => {
      expect(parseAmount(amountText(value))).toBe(value);
      expect(parseAmount(amountText(value, BYTES), BYTES)).toBe(value);
    },
  );

  it('says it short', () => {
    expect(amountText(50_000)).toBe('50k');
    expect(amountText(1_234_567)).toBe('1,234,567');
    expect(amountText(20_000_000, BYTES)).toBe('20 MB');
  });
});
