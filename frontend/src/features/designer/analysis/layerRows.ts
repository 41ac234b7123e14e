/** The analyzer's rows: layers of a scope, and those inside the blocks that are unfolded. */

import type { Analysis, NodeAnalysis, ReceptiveField } from '../state/contract';
import { lookup } from '../document/records';
import { computationOrder } from '../document/scope';
import { holderOf, namesOfSharers } from '../document/sharing';
import type { Graph, Scope } from '../document/types';
import type { Catalog } from '../state/catalog';
import { outputText } from '../state/display';
import { weightsText, type StandingKind } from '../state/standing';
import { foldModules, type Unit } from './moduleRows';

export interface LayerRow {
  readonly path: string;
  readonly id: string;
  readonly depth: number;
  readonly order: number;
  readonly name: string;
  readonly type: string;
  readonly hue: number;
  readonly output: string;
  readonly field: string;
  readonly fieldSize: number;
  readonly parameters: number;
  readonly macs: number;
  readonly flops: number;
  readonly memory: number;
  readonly kept: number;
  readonly gradient: number;
  /** Part of the scope's parameters, 0 to 1. */
  readonly share: number;
  /** The layer whose weights it uses, which counts them: `right_tower.conv`; empty for its own. */
  readonly countedIn: string;
  /** Names of the layers that use the same weights. */
  readonly sharedWith: string;
  /** How often a block is applied; the rows inside it count one of them. */
  readonly repeat: number;
  /** Has rows inside: a block, or the layers of a module that was imported. */
  readonly isBlock: boolean;
  /** Stands for layers of the network and is none itself. */
  readonly isModule: boolean;
  readonly isFolded: boolean;
  readonly isOffender: boolean;
  /** Where the weights come from, and whether they learn: `pretrained, frozen`. */
  readonly weights: string;
}

interface Source {
  readonly blocks: Graph['blocks'];
  readonly scope: Scope;
  /** Of the open scope: `instance/`. */
  readonly prefix: string;
  readonly nodes: Readonly<Record<string, NodeAnalysis>>;
  readonly budgets: Analysis['budgets'];
  readonly catalog: Catalog;
  readonly unfolded: ReadonlySet<string>;
  /** Imported modules as rows of their own; without, layers alone. */
  readonly showsModules: boolean;
  readonly isChannelsLast: boolean;
  /** Where weights stand, by path; none on paper. */
  readonly standings?: Readonly<Record<string, StandingKind>>;
}

export function makeRows(source: Source): LayerRow[] {
  const offenders = new Set(source.budgets?.flatMap((use) => use.offenders));
  const total = sumOf(source, (found) => found.parameters);
  const units = unitsOf(source, source.scope, source.prefix, 0, { offenders, total, isFrozen: false });
  if (!source.showsModules) return units.flatMap((unit) => unit.rows);
  return foldModules(units, source.prefix, source.unfolded);
}

function sumOf({ scope, prefix, nodes }: Source, value: (found: NodeAnalysis) => number): number {
  return Object.keys(scope.nodes).reduce((sum, id) => {
    const found = lookup(nodes, prefix + id);
    return sum + (found === undefined ? 0 : value(found));
  }, 0);
}

/** One unit a node: its row, with those inside it when it is an unfolded block. */
function unitsOf(
  source: Source,
  scope: Scope,
  prefix: string,
  depth: number,
  known: { offenders: ReadonlySet<string>; total: number; isFrozen: boolean },
  twin: Twin | null = null,
): Unit[] {
  return computationOrder(scope).flatMap((id, index): Unit[] => {
    const node = lookup(scope.nodes, id);
    if (node === undefined) return [];
    const path = prefix + id;
    const layer = source.catalog.byType.get(node.type);
    const block = node.block === null ? undefined : lookup(source.blocks, node.block);
    const isFolded = !source.unfolded.has(path);
    const found = lookup(source.nodes, path);
    const counted = countedElsewhere(source, scope, prefix, id, twin);
    const sharers = namesOfSharers(scope.nodes, id).join(', ');
    // What stands in a frozen block is frozen with it.
    const isFrozen = known.isFrozen || node.is_frozen;
    const row: LayerRow = {
      path,
      id,
      depth,
      order: index + 1,
      name: node.name,
      type: block?.name ?? layer?.title ?? node.type,
      hue: layer?.hue ?? 0,
      output: outputText(found, source.isChannelsLast),
      field: fieldText(found?.receptive_field ?? []),
      fieldSize: sizeOfField(found?.receptive_field ?? []),
      parameters: found?.parameters ?? 0,
      macs: found?.macs ?? 0,
      flops: found?.flops ?? 0,
      memory: found?.activation_bytes ?? 0,
      kept: found?.kept_bytes ?? 0,
      gradient: found?.gradient_bytes ?? 0,
      share: known.total === 0 ? 0 : (found?.parameters ?? 0) / known.total,
      countedIn: counted?.name ?? '',
      sharedWith: counted === null && !found?.parameters ? '' : sharers || (counted?.name ?? ''),
      repeat: node.repeat,
      isBlock: block !== undefined,
      isModule: false,
      isFolded,
      isOffender: depth === 0 && prefix === '' && known.offenders.has(id),
      weights: weightsText(lookup(source.standings ?? {}, path), isFrozen && !!found?.parameters),
    };
    const modules = node.module_path.split('.').slice(0, -1);
    if (block === undefined || isFolded) return [{ modules, rows: [row] }];
    const inside = unitsOf(source, block, `${path}/`, depth + 1, { ...known, isFrozen }, counted);
    return [{ modules, rows: [row, ...inside.flatMap(({ rows }) => rows)] }];
  });
}

/** The layer that counts the weights of another. */
interface Twin {
  readonly path: string;
  readonly name: string;
}

/** Who counts the weights that a node uses, when it is another: beside it, or in a block's twin. */
function countedElsewhere(
  { nodes }: Source,
  scope: Scope,
  prefix: string,
  id: string,
  twin: Twin | null,
): Twin | null {
  const holder = holderOf(scope.nodes, id);
  const [before, around] = twin === null ? [prefix, ''] : [`${twin.path}/`, `${twin.name}.`];
  const path = before + holder;
  if (path === prefix + id || !lookup(nodes, path)?.parameters) return null;
  return { path, name: around + (lookup(scope.nodes, holder)?.name ?? holder) };
}

/** `11 × 11`; `whole` where a position sees all of the input. */
export function fieldText(field: readonly ReceptiveField[]): string {
  const sizes = field.map(({ size }) => (size === null ? 'whole' : String(size)));
  return new Set(sizes).size === 1 && sizes[0] === 'whole' ? 'whole' : sizes.join(' × ');
}

function sizeOfField(field: readonly ReceptiveField[]): number {
  if (field.length === 0) return -1;
  return Math.max(...field.map(({ size }) => size ?? Infinity));
}

export type SortColumn = keyof LayerRow;

/** Sorts the rows of the scope; what is unfolded stays below its block. */
export function sortRows(rows: readonly LayerRow[], column: SortColumn, isDown: boolean): LayerRow[] {
  const groups: LayerRow[][] = [];
  for (const row of rows) {
    if (row.depth === 0) groups.push([row]);
    else groups.at(-1)?.push(row);
  }
  const direction = isDown ? -1 : 1;
  return groups
    .sort(([a], [b]) => {
      if (a === undefined || b === undefined) return 0;
      const [left, right] = [a[column], b[column]];
      const difference =
        typeof left === 'number' && typeof right === 'number'
          ? left === right ? 0 : left - right
          : String(left).localeCompare(String(right));
      return direction * difference || a.order - b.order;
    })
    .flat();
}

/** For spreadsheets: plain numbers, bytes as bytes, layers by their names: `stage1/conv`. */
export function rowsAsTable(rows: readonly LayerRow[]): (string | number)[][] {
  const around: string[] = [];
  const head = [
    'path', 'name', 'layer', 'output', 'receptive_field', 'parameters', 'share_of_parameters',
    'macs', 'flops', 'activation_bytes', 'kept_bytes', 'gradient_bytes', 'over_budget',
    'weights_shared_with', 'weights',
  ]; // prettier-ignore
  return [
    head,
    ...rows.map((row) => {
      around.splice(row.depth, Infinity, row.name);
      return [
        around.join('/'), row.name, row.type, row.output, row.field, row.parameters, row.share,
        row.macs, row.flops, row.memory, row.kept, row.gradient, row.isOffender ? 'yes' : '',
        row.sharedWith, row.weights,
      ]; // prettier-ignore
    }),
  ];
}
