import { expect, test } from 'vitest';
import { trimZeros } from './chartOptions';

test('an axis repeats no digits that say nothing', () => {
  const texts = ['2.500', '80.0 %', '9.00e-4', '0.5000', '100', '1,200', '0', '3 min 20 s', '0.0105'];
  expect(texts.map(trimZeros)).toEqual(['2.5', '80 %', '9e-4', '0.5', '100', '1,200', '0', '3 min 20 s', '0.0105']);
});
