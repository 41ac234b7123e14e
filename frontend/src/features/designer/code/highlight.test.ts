import { describe, expect, it } from 'vitest';
import { changedLines, tokenize } from './highlight';

describe('tokenize', () => {
  it('tells the parts of a line apart and loses nothing', () => {
    const line = '        self.conv = nn.Conv2d(3, 16, kernel_size=3)  # filters';
    const tokens = tokenize(line);
    expect(tokens.map(({ text }) => text).join('')).toBe(line);
    expect(tokens).toContainEqual({ kind: 'keyword', text: 'self' });
    expect(tokens).toContainEqual({ kind: 'call', text: 'Conv2d' });
    expect(tokens).toContainEqual({ kind: 'number', text: '16' });
    expect(tokens.at(-1)).toEqual({ kind: 'comment', text: '# filters' });
  });
});

describe('changedLines', () => {
  it('marks exactly the lines that are new or different', () => {
    expect([...changedLines(['a', 'b', 'c'], ['a', 'x', 'c'])]).toEqual([1]);
    expect([...changedLines(['a', 'c'], ['a', 'b', 'c'])]).toEqual([1]);
    expect([...changedLines(['a', 'b', 'c'], ['a', 'c'])]).toEqual([]);
    expect([...changedLines(['a', 'b', 'c', 'd'], ['b', 'x', 'd', 'y'])]).toEqual([1, 3]);
  });
});
