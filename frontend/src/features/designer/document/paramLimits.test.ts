import { expect, it } from 'vitest';
import { OperationRefused } from './operations';
import { refuseLongValue } from './paramLimits';

it('counts the characters of a value as the server does', () => {
  refuseLongValue('relu', 'p', ['é'.repeat(50_000), '😀'.repeat(50_000)]);
  expect(() => {
    refuseLongValue('relu', 'p', ['é'.repeat(50_000), '😀'.repeat(50_000), 'x']);
  }).toThrow(new OperationRefused('“p” of “relu” has 100001 characters; 100000 are allowed.'));
});
