/** A light reading of Python: enough to tell words, names, numbers, texts and comments apart. */

export type TokenKind = 'plain' | 'keyword' | 'number' | 'string' | 'comment' | 'call';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const PATTERN =
  /(?<comment>#.*$)|(?<string>(?:"""(?:[^"\\]|\\.|"(?!""))*(?:"""|$))|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<number>\b\d[\d_.]*(?:e[+-]?\d+)?\b)|(?<keyword>\b(?:import|from|as|class|def|return|self|super|None|True|False|for|in|if|else|not|and|or|with|lambda)\b)|(?<call>\b[A-Za-z_]\w*(?=\())/gm;

const KINDS: readonly TokenKind[] = ['comment', 'string', 'number', 'keyword', 'call'];

export function tokenize(line: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of line.matchAll(PATTERN)) {
    if (match.index > end) tokens.push({ kind: 'plain', text: line.slice(end, match.index) });
    const kind = KINDS.find((each) => match.groups?.[each] !== undefined) ?? 'plain';
    tokens.push({ kind, text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < line.length) tokens.push({ kind: 'plain', text: line.slice(end) });
  return tokens;
}

/** Which lines of `after` are not in `before`, by a longest common subsequence. */
export function changedLines(before: readonly string[], after: readonly string[]): Set<number> {
  const start = commonStart(before, after);
  const end = commonStart([...before.slice(start)].reverse(), [...after.slice(start)].reverse());
  const old = before.slice(start, before.length - end);
  const now = after.slice(start, after.length - end);
  if (old.length * now.length > 1_000_000) return new Set(now.map((_, index) => start + index));
  const lengths = lcsTable(old, now);
  const changed = new Set<number>();
  let i = 0;
  let j = 0;
  while (j < now.length) {
    if (i < old.length && old[i] === now[j]) {
      i += 1;
      j += 1;
    } else if (i < old.length && (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0)) {
      i += 1;
    } else {
      changed.add(start + j);
      j += 1;
    }
  }
  return changed;
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count += 1;
  return count;
}

function lcsTable(a: readonly string[], b: readonly string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = table[i];
    const below = table[i + 1];
    if (row === undefined || below === undefined) continue;
    for (let j = b.length - 1; j >= 0; j -= 1) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}
