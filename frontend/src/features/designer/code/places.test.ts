import { describe, expect, it } from 'vitest';
import { lineAt, lineRange, linesOfNodes, newLine, nodeAtLine, problemsByLine } from './places';

const place = (line: number, end_line: number, node_id: string) => ({
  line,
  end_line,
  node_id,
  scope: null,
});

describe('places', () => {
  const places = [place(3, 8, 'block'), place(5, 5, 'conv'), place(12, 12, 'conv')];

  it('finds the node of a line, the innermost of several', () => {
    expect(nodeAtLine(places, 5)).toBe('conv');
    expect(nodeAtLine(places, 7)).toBe('block');
    expect(nodeAtLine(places, 9)).toBeNull();
  });

  it('finds all lines of a node', () => {
    expect([...linesOfNodes(places, new Set(['conv']))]).toEqual([5, 12]);
  });

  it('shows an error before a note on the same line', () => {
    const note = { line: 1, column: 1, message: 'note', severity: 'note' as const };
    const error = { ...note, message: 'error', severity: 'error' as const };
    expect(problemsByLine([note, error]).get(1)).toBe(error);
    expect(problemsByLine([error, note]).get(1)).toBe(error);
  });
});

describe('lines of a text', () => {
  it('knows where they are', () => {
    expect(lineRange('ab\ncde\nf', 2)).toEqual([3, 6]);
    expect(lineAt('ab\ncde\nf', 4)).toBe(2);
  });

  it('indents the next line as Python does', () => {
    expect(newLine('    x = 1', 9)).toBe('\n    ');
    expect(newLine('def f():', 8)).toBe('\n    ');
    expect(newLine('  call(', 7)).toBe('\n      ');
  });
});
