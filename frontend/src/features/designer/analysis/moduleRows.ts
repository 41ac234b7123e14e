/** Layers of an imported network, folded by the modules they came from: `layer1.0.conv1`. */

import type { LayerRow } from './layerRows';

/** A node's rows, and the modules around it from the outside in. */
export interface Unit {
  readonly modules: readonly string[];
  readonly rows: readonly LayerRow[];
}

type Summed = 'parameters' | 'macs' | 'flops' | 'memory' | 'kept' | 'gradient' | 'share';

/** Rows with neighbours of one module under a row of its own, which folds like a block. */
export function foldModules(
  units: readonly Unit[],
  prefix: string,
  unfolded: ReadonlySet<string>,
  level = 0,
  outer = '',
): LayerRow[] {
  const rows: LayerRow[] = [];
  for (let start = 0; start < units.length;) {
    const first = units[start];
    const name = first?.modules[level];
    let end = start + 1;
    while (name !== undefined && units[end]?.modules[level] === name) end += 1;
    const members = units.slice(start, end);
    if (name === undefined || members.length === 1) {
      rows.push(...members.flatMap((unit) => unit.rows.map((row) => deeper(row, level))));
    } else {
      const module = outer === '' ? name : `${outer}.${name}`;
      // A module that is left and come back to has a row for each stay.
      const path = `${prefix}module:${module}:${String(first?.rows[0]?.order ?? 0)}`;
      const isFolded = !unfolded.has(path);
      rows.push(moduleRow(members, { path, name, module, isFolded, level }));
      if (!isFolded) rows.push(...foldModules(members, prefix, unfolded, level + 1, module));
    }
    start = end;
  }
  return rows;
}

const deeper = (row: LayerRow, by: number): LayerRow =>
  by === 0 ? row : { ...row, depth: row.depth + by };

interface Module {
  readonly path: string;
  readonly name: string;
  readonly module: string;
  readonly isFolded: boolean;
  readonly level: number;
}

function moduleRow(
  members: readonly Unit[],
  { path, name, module, isFolded, level }: Module,
): LayerRow {
  const own = members.flatMap(({ rows }) => rows.slice(0, 1));
  const last = own.at(-1);
  const standings = new Set(own.map(({ weights }) => weights).filter((each) => each !== ''));
  const sum = (cost: Summed): number => own.reduce((total, row) => total + row[cost], 0);
  return {
    parameters: sum('parameters'),
    macs: sum('macs'),
    flops: sum('flops'),
    memory: sum('memory'),
    kept: sum('kept'),
    gradient: sum('gradient'),
    share: sum('share'),
    path,
    id: own[0]?.id ?? '',
    depth: level,
    order: own[0]?.order ?? 0,
    name,
    type: `Module ${module}`,
    hue: 220,
    output: last?.output ?? '',
    field: last?.field ?? '',
    fieldSize: last?.fieldSize ?? -1,
    countedIn: '',
    sharedWith: '',
    repeat: 1,
    isBlock: true,
    isModule: true,
    isFolded,
    isOffender: own.some((row) => row.isOffender),
    weights: standings.size > 1 ? 'several' : ([...standings][0] ?? ''),
  };
}
