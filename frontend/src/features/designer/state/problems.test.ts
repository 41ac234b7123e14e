import { expect, test } from 'vitest';
import type { Diagnostic } from '@/api';
import { NO_PROBLEMS, outerPaths, pinProblems, problemsAt, problemsInside } from './problems';

const problem = (place: Partial<Diagnostic>): Diagnostic => ({
  code: 'shape_mismatch',
  severity: 'error',
  message: 'Wrong.',
  fixes: [],
  ...place,
});

test('a problem of one use of a block is shown there and on what holds it, nowhere else', () => {
  const here = problem({ node_id: 'conv', scope: 'block', path: 'first/conv' });
  const pinned = pinProblems([here], NO_PROBLEMS);
  expect(problemsAt(pinned, 'conv', 'first/conv')).toEqual([here]);
  expect(problemsAt(pinned, 'conv', 'second/conv')).toEqual([]);
  expect(problemsInside(pinned, 'block', 'first')).toEqual([here]);
  expect(problemsInside(pinned, 'block', 'second')).toEqual([]);
});

test('a problem of the block itself is shown in every use', () => {
  const everywhere = problem({ node_id: 'conv', scope: 'block' });
  const pinned = pinProblems([everywhere], NO_PROBLEMS);
  expect(problemsAt(pinned, 'conv', 'second/conv')).toEqual([everywhere]);
  expect(problemsInside(pinned, 'block', 'second')).toEqual([everywhere]);
});

test('lists that came out the same keep their object', () => {
  const once = pinProblems([problem({ node_id: 'a', edge_id: 'e' })], NO_PROBLEMS);
  const again = pinProblems([problem({ node_id: 'a', edge_id: 'e' })], once);
  expect(again.nodes.get('a')).toBe(once.nodes.get('a'));
  expect(again.edges.get('e')).toBe(once.edges.get('e'));
});

test('outer paths', () => {
  expect(outerPaths('a/b/c')).toEqual(['a', 'a/b']);
  expect(outerPaths('a')).toEqual([]);
});
