import { expect, test } from 'vitest';
import { attemptText, bestFirst } from './words';

test('the best checkpoint comes first, the others from the newest', () => {
  const checkpoints = [
    { is_best: false, step: 30 },
    { is_best: false, step: 10 },
    { is_best: true, step: 20 },
  ];
  expect(bestFirst(checkpoints).map(({ step }) => step)).toEqual([20, 30, 10]);
});

test('a cause is part of a line, whatever sentence it was', () => {
  const attempt = { number: 1, exit_cause: 'Ended as asked, without a further checkpoint.' };
  expect(attemptText(attempt as Parameters<typeof attemptText>[0])).toBe('1: ended as asked, without a further checkpoint');
});
