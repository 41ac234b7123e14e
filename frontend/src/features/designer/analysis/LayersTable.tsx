import { UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconAlertTriangle, IconChevronDown, IconChevronRight, IconChevronUp } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useAnalysis, useDesigner, useEditor, useGraph, useScope } from '../state/DesignerContext';
import { useDisplay } from '../state/display';
import { pathPrefixOf } from '../state/editorPlace';
import { useStandingNodes } from '../state/standing';
import { DESIGNER_IDS } from '../testids';
import classes from './Analysis.module.css';
import { CHOSEN_COLUMNS, NUMBERS, type LayerColumn } from './layerColumns';
import { makeRows, sortRows, type LayerRow, type SortColumn } from './layerRows';
import { LayersBar } from './LayersBar';
import { useAfterPointer } from './useAfterPointer';
import { useGoTo } from './useGoTo';

const ROW_PX = 24;
/** The head and the total lie over the rows. */
const HEAD_PX = 27;
const ALWAYS: readonly { id: SortColumn; title: string }[] = [
  { id: 'order', title: '#' },
  { id: 'name', title: 'Layer' },
  { id: 'type', title: 'Type' },
];

/** The analyzer's table: every layer of the scope, in the order it is computed. */
export function LayersTable() {
  const { catalog } = useDesigner();
  const scope = useScope();
  const { blocks } = useGraph();
  const prefix = useEditor(pathPrefixOf);
  const nodes = useAnalysis((state) => state.nodes);
  const budgets = useAnalysis((state) => state.analysis?.budgets);
  const nodeIds = useEditor((state) => state.nodeIds);
  const isChannelsLast = useDisplay((state) => state.isChannelsLast);
  const standings = useStandingNodes();
  const hidden = useDisplay((state) => state.hiddenColumns);
  const [sort, setSort] = useState<{ column: SortColumn; isDown: boolean }>({ column: 'order', isDown: false });
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const goTo = useGoTo();
  const rowsWith = useCallback((showsModules: boolean) => {
    const source = { blocks, scope, prefix, nodes, budgets, catalog, unfolded, isChannelsLast, standings, showsModules };
    return sortRows(makeRows(source), sort.column, sort.isDown);
  }, [blocks, scope, prefix, nodes, budgets, catalog, unfolded, isChannelsLast, standings, sort]);
  const rows = useMemo(() => rowsWith(true), [rowsWith]);
  // Of a network that nobody has trained or frozen it would say nothing.
  const hasWeights = useMemo(() => rows.some(({ weights }) => weights !== ''), [rows]);
  const columns = CHOSEN_COLUMNS.filter(
    ({ id }) => !hidden.includes(id) && (id !== 'weights' || hasWeights),
  );
  const fold = (path: string): void => {
    const next = new Set(unfolded);
    if (!next.delete(path)) next.add(path);
    setUnfolded(next);
  };
  const open = (row: LayerRow): void => {
    if (row.isModule) fold(row.path);
    else goTo({ nodeId: row.id, path: row.path });
  };
  const root = useRef<HTMLDivElement>(null);
  // What it returns is used at once and never memoised.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => root.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollPaddingStart: HEAD_PX,
    scrollPaddingEnd: HEAD_PX + ROW_PX,
  });
  const [only, ...more] = nodeIds;
  const path = only === undefined || more.length > 0 ? null : prefix + only;
  const showChosen = useRef(() => {});
  useEffect(() => {
    showChosen.current = () => {
      const index = rows.findIndex((row) => row.path === path);
      if (index >= 0) virtual.scrollToIndex(index);
    };
  });
  const afterPointer = useAfterPointer();
  // Once a layer is chosen: rows that move later do not take the view along, and nothing is drawn
  // while the layer is dragged.
  useEffect(() => {
    if (path !== null) afterPointer(() => showChosen.current());
  }, [path, afterPointer]);
  if (rows.length === 0) return <p className={classes.clean}>No layers yet.</p>;
  const shown = virtual.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const moveTo = (index: number): void => {
    if (index < 0 || index >= rows.length) return;
    virtual.scrollToIndex(index);
    requestAnimationFrame(() =>
      root.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent, row: LayerRow, index: number): void => {
    if (event.key === 'Enter') open(row);
    else if (event.key === 'ArrowDown') moveTo(index + 1);
    else if (event.key === 'ArrowUp') moveTo(index - 1);
    else if (event.key === 'Home') moveTo(0);
    else if (event.key === 'End') moveTo(rows.length - 1);
    else if (event.key === 'ArrowRight' && row.isBlock && row.isFolded) fold(row.path);
    else if (event.key === 'ArrowLeft' && row.isBlock && !row.isFolded) fold(row.path);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={classes.analyzer}>
      <LayersBar exportRows={() => rowsWith(false)} />
      <div className={classes.scroll} ref={root}>
        <table className={classes.table} data-testid={DESIGNER_IDS.layersTable} aria-rowcount={rows.length}>
          <thead>
            <tr>
              {[...ALWAYS, ...columns].map((column) => (
                <HeadCell key={column.id} {...column} sort={sort} onSort={setSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {above > 0 && <tr style={{ height: above }} />}
            {shown.map(({ index }) => {
              const row = rows[index];
              if (row === undefined) return null;
              return (
                <tr
                  key={row.path}
                  tabIndex={0}
                  data-index={index}
                  data-selected={(row.path === prefix + row.id && nodeIds.has(row.id)) || undefined}
                  data-offender={row.isOffender || undefined}
                  data-testid={DESIGNER_IDS.layersRow(row.name)}
                  onClick={() => open(row)}
                  onKeyDown={(event) => onKeyDown(event, row, index)}
                >
                  <td className={`${classes.number ?? ''} ${classes.dim ?? ''}`}>{row.order}</td>
                  <NameCell row={row} onFold={() => fold(row.path)} />
                  <td>{row.type}</td>
                  {columns.map((column) => (
                    <ValueCell key={column.id} row={row} column={column} />
                  ))}
                </tr>
              );
            })}
            {below > 0 && <tr style={{ height: below }} />}
          </tbody>
          <Totals rows={rows} columns={columns} />
        </table>
      </div>
    </div>
  );
}

/** Of costs the largest are asked for first. */
const isCost = (column: SortColumn): boolean => NUMBERS.has(column) && column !== 'order';

interface Sort {
  readonly column: SortColumn;
  readonly isDown: boolean;
}

function HeadCell({ id, title, hint, sort, onSort }: { id: SortColumn; title: string; hint?: string; sort: Sort; onSort: (sort: Sort) => void }) {
  // A field is sorted by its size, not by its words.
  const by = id === 'field' ? 'fieldSize' : id;
  const isSorted = sort.column === by;
  return (
    <th
      className={NUMBERS.has(id) ? classes.number : undefined}
      data-column={id}
      title={hint}
      aria-sort={isSorted ? (sort.isDown ? 'descending' : 'ascending') : 'none'}
    >
      <UnstyledButton onClick={() => onSort({ column: by, isDown: isSorted ? !sort.isDown : isCost(by) })}>
        {title}{' '}
        {isSorted && id !== 'order' && (sort.isDown ? <IconChevronDown size={12} /> : <IconChevronUp size={12} />)}
      </UnstyledButton>
    </th>
  );
}

function NameCell({ row, onFold }: { row: LayerRow; onFold: () => void }) {
  return (
    <td className={classes.mono} style={{ paddingLeft: 12 + row.depth * 16 }}>
      {row.isBlock && (
        <UnstyledButton
          aria-label={row.isFolded ? `Unfold ${row.name}` : `Fold ${row.name}`}
          className={classes.fold}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation();
            onFold();
          }}
        >
          {row.isFolded ? <IconChevronRight size={12} /> : <IconChevronDown size={12} />}
        </UnstyledButton>
      )}
      <span className={classes.bar} style={{ '--hue': row.hue }} />
      {row.isOffender && (
        <IconAlertTriangle size={12} className={classes.offender} aria-label="over budget" />
      )}
      {row.name}
      {row.repeat > 1 && <span className={classes.dim}> × {row.repeat}</span>}
    </td>
  );
}

function ValueCell({ row, column }: { row: LayerRow; column: LayerColumn }) {
  if (column.id === 'share') {
    return (
      <td className={classes.number} data-zero={row.share === 0 || undefined}>
        <span className={classes.share} style={{ '--share': row.share }} aria-hidden />
        {column.text(row)}
      </td>
    );
  }
  const isNumber = NUMBERS.has(column.id);
  return (
    <td
      className={isNumber ? classes.number : column.id === 'weights' ? undefined : classes.mono}
      data-zero={row[column.id] === 0 || undefined}
      title={column.id === 'parameters' ? countedWords(row) : undefined}
    >
      {column.text(row)}
    </td>
  );
}

function countedWords({ countedIn, sharedWith }: LayerRow): string | undefined {
  if (countedIn !== '') return `It uses the weights of ${countedIn}, which are counted there`;
  return sharedWith === '' ? undefined : `Its weights are counted here; shared with ${sharedWith}`;
}

function Totals({ rows, columns }: { rows: readonly LayerRow[]; columns: readonly LayerColumn[] }) {
  const own = rows.filter(({ depth }) => depth === 0);
  return (
    <tfoot>
      <tr>
        <td />
        <td colSpan={2}>Total</td>
        {columns.map(({ id, total }) => (
          <td
            key={id}
            className={classes.number}
            data-testid={id === 'parameters' ? DESIGNER_IDS.totalParameters : undefined}
          >
            {total?.(own.reduce((sum, row) => sum + Number(row[id]), 0))}
          </td>
        ))}
      </tr>
    </tfoot>
  );
}
