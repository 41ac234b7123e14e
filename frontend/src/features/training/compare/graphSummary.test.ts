import { expect, test } from 'vitest';
import { summarizeGraph, typeCounts, type GraphDifference } from './graphSummary';

const difference = (kind: GraphDifference['kind'], name: string, type = 'conv2d'): GraphDifference => ({
  kind, name, type, node: `id-of-${name}`, detail: '',
});

test('differences stand by layer name, numbers as numbers', () => {
  const { rows, headline, isUnrelated } = summarizeGraph([
    difference('removed', 'conv_10'), difference('added', 'conv_2'), difference('changed', 'conv_2'),
  ]);
  expect(rows.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['conv_2 changed', 'conv_2 added', 'conv_10 removed']);
  expect(headline).toBe('1 changed, 1 only in the second, 1 only in the first');
  expect(isUnrelated).toBe(false);
});

test('two unrelated networks are summed up by the types of their layers', () => {
  const many = Array.from({ length: 20 }, (_unused, index) => difference('added', `conv_${String(index)}`));
  const all = [...many, difference('removed', 'head', 'linear'), difference('added', 'head', 'linear')];
  expect(summarizeGraph(all).isUnrelated).toBe(true);
  expect(typeCounts(all, 'added')).toBe('20 × conv2d, 1 × linear');
  expect(typeCounts(all, 'removed')).toBe('1 × linear');
});
