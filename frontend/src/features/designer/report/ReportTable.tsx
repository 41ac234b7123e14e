import { useMemo } from 'react';
import { formatCount, plural } from '@/lib';
import type { Document } from '../document/types';
import { CHOSEN_COLUMNS, NUMBERS, type LayerColumn } from '../analysis/layerColumns';
import { makeRows, type LayerRow } from '../analysis/layerRows';
import type { Catalog } from '../state/catalog';
import type { Analysis } from '../state/contract';
import { useDisplay } from '../state/display';
import { DESIGNER_IDS } from '../testids';
import classes from './Report.module.css';

const MOST_ROWS = 3000;
const ON_PAPER = new Set(['output', 'field', 'parameters', 'share', 'macs', 'memory', 'kept']);
const COLUMNS = CHOSEN_COLUMNS.filter(({ id }) => ON_PAPER.has(id));

interface ReportTableProps {
  readonly document: Document;
  readonly analysis: Analysis;
  readonly catalog: Catalog;
}

/** Every layer, blocks with what is inside them. */
export function ReportTable({ document, analysis, catalog }: ReportTableProps) {
  const isChannelsLast = useDisplay((state) => state.isChannelsLast);
  const rows = useMemo(() => {
    const { nodes, budgets } = analysis;
    const { blocks } = document.graph;
    const source = { blocks, scope: document.graph, prefix: '', nodes, budgets, catalog };
    return makeRows({ ...source, unfolded: new Set(Object.keys(nodes)), showsModules: false, isChannelsLast });
  }, [document, analysis, catalog, isChannelsLast]);
  const own = rows.filter(({ depth }) => depth === 0);
  return (
    <section className={classes.section}>
      <h2>Layers</h2>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>Layer</th>
            <th>Type</th>
            {COLUMNS.map(({ id, title }) => (
              <th key={id} data-number={NUMBERS.has(id) || undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row) => (
            <PaperRow key={row.path} row={row} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={2}>Total</td>
            {COLUMNS.map(({ id, total }: LayerColumn) => (
              <td key={id} data-number>
                {total?.(own.reduce((sum, row) => sum + Number(row[id]), 0))}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
      {rows.length > MOST_ROWS && (
        <p className={classes.more}>
          {plural(rows.length - MOST_ROWS, 'further row')} of {formatCount(rows.length)}: see the
          CSV of the analyzer.
        </p>
      )}
    </section>
  );
}

function PaperRow({ row }: { row: LayerRow }) {
  return (
    <tr
      data-offender={row.isOffender || undefined}
      data-block={row.isBlock || undefined}
      data-testid={DESIGNER_IDS.reportRow}
    >
      <td style={{ paddingLeft: `${String(4 + row.depth * 12)}px` }}>
        {row.name}
        {row.repeat > 1 && ` × ${String(row.repeat)}`}
      </td>
      <td>{row.type}</td>
      {COLUMNS.map((column) => (
        <td key={column.id} data-number={NUMBERS.has(column.id) || undefined}>
          {column.text(row)}
        </td>
      ))}
    </tr>
  );
}
