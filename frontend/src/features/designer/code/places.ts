/** Lines of source and the nodes they speak of. */

export interface SourceProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly severity: 'error' | 'note';
}

/** Lines that make or call a node; `scope` is the block it is in. */
export interface SourcePlace {
  readonly line: number;
  readonly end_line: number;
  readonly node_id: string;
  readonly scope: string | null;
}

/** The node that a line speaks of: of several, the one with the fewest lines. */
export function nodeAtLine(places: readonly SourcePlace[], line: number): string | null {
  const found = places.filter((place) => place.line <= line && line <= place.end_line);
  found.sort((a, b) => a.end_line - a.line - (b.end_line - b.line));
  return found[0]?.node_id ?? null;
}

/** All lines that speak of nodes. */
export function linesOfNodes(
  places: readonly SourcePlace[],
  nodeIds: ReadonlySet<string>,
): Set<number> {
  const lines = new Set<number>();
  for (const { line, end_line, node_id } of places) {
    if (!nodeIds.has(node_id)) continue;
    for (let each = line; each <= end_line; each += 1) lines.add(each);
  }
  return lines;
}

/** Problems by their line, the first of each. */
export function problemsByLine(
  problems: readonly SourceProblem[],
): ReadonlyMap<number, SourceProblem> {
  const found = new Map<number, SourceProblem>();
  for (const problem of problems) {
    const known = found.get(problem.line);
    if (known === undefined || (known.severity === 'note' && problem.severity === 'error')) {
      found.set(problem.line, problem);
    }
  }
  return found;
}

/** Where a line begins and ends in a text. */
export function lineRange(text: string, line: number): [number, number] {
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}

/** The number of the line that a place in a text is on, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** What Enter adds: a new line as deep as this one, deeper behind a colon or an open bracket. */
export function newLine(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  const indent = /^ */.exec(line)?.[0] ?? '';
  return `\n${indent}${/[:([{]\s*$/.test(line) ? '    ' : ''}`;
}
