import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { formatBytes, formatCount } from '@/lib';
import { lookup } from '../document/records';
import { computationOrder } from '../document/scope';
import type { Scope } from '../document/types';
import type { Catalog } from '../state/catalog';
import type { NodeAnalysis } from '../state/contract';
import { useAnalysis, useDesigner, useEditor, useScope } from '../state/DesignerContext';
import { pathPrefixOf } from '../state/editor';
import { DESIGNER_IDS } from '../testids';
import classes from './Analysis.module.css';
import { scaled } from './costs';

type Column = 'order' | 'name' | 'type' | 'output' | 'parameters' | 'flops' | 'memory';

interface Row {
  readonly id: string;
  readonly order: number;
  readonly name: string;
  readonly type: string;
  readonly hue: number;
  readonly output: string;
  readonly parameters: number;
  readonly flops: number;
  readonly memory: number;
}

const COLUMNS: readonly { id: Column; title: string; isNumber: boolean }[] = [
  { id: 'order', title: '#', isNumber: true },
  { id: 'name', title: 'Layer', isNumber: false },
  { id: 'type', title: 'Type', isNumber: false },
  { id: 'output', title: 'Output', isNumber: false },
  { id: 'parameters', title: 'Parameters', isNumber: true },
  { id: 'flops', title: 'FLOPs', isNumber: true },
  { id: 'memory', title: 'Activations', isNumber: true },
];

/** The analyzer's table: every layer of the scope, in the order it is computed. */
export function LayersTable() {
  const { catalog, editor, panels } = useDesigner();
  const scope = useScope();
  const prefix = useEditor(pathPrefixOf);
  const nodes = useAnalysis((state) => state.nodes);
  const nodeIds = useEditor((state) => state.nodeIds);
  const [sort, setSort] = useState<{ column: Column; isDown: boolean }>({
    column: 'order',
    isDown: false,
  });
  const rows = useMemo(
    () => sortRows(makeRows(scope, prefix, nodes, catalog), sort.column, sort.isDown),
    [scope, prefix, nodes, catalog, sort],
  );
  const choose = (id: string): void => {
    editor.select([id]);
    panels.canvas?.reveal([id]);
  };
  if (rows.length === 0) return <p className={classes.clean}>No layers yet.</p>;
  return (
    <table className={classes.table} data-testid={DESIGNER_IDS.layersTable}>
      <thead>
        <tr>
          {COLUMNS.map(({ id, title, isNumber }) => (
            <th
              key={id}
              className={isNumber ? classes.number : undefined}
              aria-sort={sort.column === id ? (sort.isDown ? 'descending' : 'ascending') : 'none'}
            >
              <UnstyledButton
                onClick={() => setSort({ column: id, isDown: sort.column === id && !sort.isDown })}
              >
                {title} {sort.column === id && id !== 'order' && <Direction isDown={sort.isDown} />}
              </UnstyledButton>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr
            key={row.id}
            tabIndex={0}
            data-selected={nodeIds.has(row.id) || undefined}
            data-testid={DESIGNER_IDS.layersRow(row.name)}
            onClick={() => choose(row.id)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') choose(row.id);
            }}
          >
            <td className={`${classes.number ?? ''} ${classes.dim ?? ''}`}>{row.order}</td>
            <td className={classes.mono}>
              <span className={classes.bar} style={{ '--hue': row.hue }} />
              {row.name}
            </td>
            <td>{row.type}</td>
            <td className={classes.mono}>{row.output || '–'}</td>
            <td className={classes.number}>{formatCount(row.parameters)}</td>
            <td className={classes.number}>{scaled(row.flops)}</td>
            <td className={classes.number}>{formatBytes(row.memory)}</td>
          </tr>
        ))}
      </tbody>
      <Totals rows={rows} />
    </table>
  );
}

function Direction({ isDown }: { isDown: boolean }) {
  return isDown ? <IconChevronDown size={12} /> : <IconChevronUp size={12} />;
}

function Totals({ rows }: { rows: readonly Row[] }) {
  const sum = (value: (row: Row) => number): number =>
    rows.reduce((total, row) => total + value(row), 0);
  return (
    <tfoot>
      <tr>
        <td />
        <td colSpan={3}>Total</td>
        <td className={classes.number} data-testid={DESIGNER_IDS.totalParameters}>
          {formatCount(sum((row) => row.parameters))}
        </td>
        <td className={classes.number}>{scaled(sum((row) => row.flops))}</td>
        <td className={classes.number}>{formatBytes(sum((row) => row.memory))}</td>
      </tr>
    </tfoot>
  );
}

function makeRows(
  scope: Scope,
  prefix: string,
  nodes: Readonly<Record<string, NodeAnalysis>>,
  catalog: Catalog,
): Row[] {
  const places = new Map(computationOrder(scope).map((id, index) => [id, index + 1]));
  return Object.entries(scope.nodes).map(([id, node]) => {
    const layer = catalog.byType.get(node.type);
    const found = lookup(nodes, prefix + id);
    return {
      id,
      order: places.get(id) ?? 0,
      name: node.name,
      type: layer?.title ?? node.type,
      hue: layer?.hue ?? 0,
      output: found?.output_text ?? '',
      parameters: found?.parameters ?? 0,
      flops: found?.flops ?? 0,
      memory: found?.activation_bytes ?? 0,
    };
  });
}

function sortRows(rows: readonly Row[], column: Column, isDown: boolean): Row[] {
  const direction = isDown ? -1 : 1;
  return [...rows].sort((a, b) => {
    const left = a[column];
    const right = b[column];
    const difference =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : String(left).localeCompare(String(right));
    return direction * difference || a.order - b.order;
  });
}
