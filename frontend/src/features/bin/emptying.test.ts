import { expect, test } from 'vitest';
import { emptyingText, goesFor, whileSomethingGoes } from './emptying';

const thing = (kept_because = '', is_purging = false) => ({ kept_because, is_purging, size_bytes: 1000 });

test('only what goes is counted', () => {
  expect(emptyingText([thing(), thing('run 3 uses it'), thing('', true)])).toBe(
    '1 thing of 1.0 kB cannot be put back any more. 1 other stays: something still needs it.',
  );
  expect(emptyingText([thing(), thing()])).toBe('2 things of 2.0 kB cannot be put back any more.');
  expect(goesFor([thing('run 3 uses it')])).toEqual([]);
});

test('the page looks again as long as something goes', () => {
  expect(whileSomethingGoes([thing(), thing('', true)])).toBe(2000);
  expect(whileSomethingGoes([thing()])).toBe(false);
  expect(whileSomethingGoes(undefined)).toBe(false);
});
