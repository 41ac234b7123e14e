import { describe, expect, it } from 'vitest';
import { mayExceed, monoMayExceed } from './textRoom';

describe('room for a text', () => {
  it('is known for names of layers', () => {
    expect(mayExceed('batchnorm2d_3', 9.4)).toBe(false);
    expect(mayExceed('a_name_that_is_too_long', 9.4)).toBe(true);
  });

  it('is less for wide letters', () => {
    expect(mayExceed('iiiiiiiiii', 9.4)).toBe(false);
    expect(mayExceed('WWWWWWWWWW', 9.4)).toBe(true);
    expect(mayExceed('卷积卷积卷积卷积卷积', 9.4)).toBe(true);
  });

  it('is counted where all letters are as wide', () => {
    expect(monoMayExceed('B × 16 × 32 × 32', 12.9)).toBe(false);
    expect(monoMayExceed('B × 1024 × 256 × 256 × 16', 12.9)).toBe(true);
  });
});
