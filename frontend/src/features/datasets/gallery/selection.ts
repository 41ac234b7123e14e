/** Which tiles are selected, where the keyboard cursor is and where a range starts. By index. */
export interface Selection {
  readonly chosen: ReadonlySet<number>;
  readonly cursor: number | null;
  readonly anchor: number | null;
}

export const NOTHING: Selection = { chosen: new Set(), cursor: null, anchor: null };

export interface Modifiers {
  /** Shift: from the anchor to here. */
  isRange: boolean;
  /** Ctrl or Cmd: add or take away. */
  isToggle: boolean;
}

function span(from: number, to: number): number[] {
  const first = Math.min(from, to);
  return Array.from({ length: Math.abs(to - from) + 1 }, (_unused, offset) => first + offset);
}

export function click(selection: Selection, index: number, { isRange, isToggle }: Modifiers): Selection {
  if (isRange && selection.anchor !== null) {
    const range = span(selection.anchor, index);
    const chosen = new Set(isToggle ? [...selection.chosen, ...range] : range);
    return { chosen, cursor: index, anchor: selection.anchor };
  }
  if (isToggle) {
    const chosen = new Set(selection.chosen);
    if (!chosen.delete(index)) chosen.add(index);
    return { chosen, cursor: index, anchor: index };
  }
  return { chosen: new Set([index]), cursor: index, anchor: index };
}

/** Selects what a rubber band touches, on top of what was selected when it began, if asked. */
export function band(before: Selection, touched: readonly number[], isAdding: boolean): Selection {
  const chosen = new Set(isAdding ? [...before.chosen, ...touched] : touched);
  const last = touched.at(-1) ?? before.cursor;
  return { chosen, cursor: last, anchor: touched[0] ?? before.anchor };
}

const MOVES = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns: number) => -columns,
  ArrowDown: (columns: number) => columns,
  PageUp: (columns: number, rowsPerPage: number) => -columns * rowsPerPage,
  PageDown: (columns: number, rowsPerPage: number) => columns * rowsPerPage,
  Home: () => -Infinity,
  End: () => Infinity,
} as const;

type MoveKey = keyof typeof MOVES;

export function isMoveKey(key: string): key is MoveKey {
  return key in MOVES;
}

interface Grid {
  columns: number;
  rowsPerPage: number;
  count: number;
}

/** Moves the keyboard cursor; with Shift the selection grows from the anchor. */
export function move(selection: Selection, key: MoveKey, grid: Grid, isRange: boolean): Selection {
  if (grid.count === 0) return selection;
  if (selection.cursor === null) return click(selection, 0, { isRange: false, isToggle: false });
  const target = selection.cursor + MOVES[key](grid.columns, grid.rowsPerPage);
  const isSidestep = key === 'ArrowUp' || key === 'ArrowDown';
  // Up from the first row and down from the last stay where they are.
  if (isSidestep && (target < 0 || target >= grid.count)) return selection;
  const index = Math.min(grid.count - 1, Math.max(0, target));
  return click(selection, index, { isRange, isToggle: false });
}

export function selectAll(selection: Selection, count: number): Selection {
  return { ...selection, chosen: new Set(Array.from({ length: count }, (_unused, index) => index)) };
}
