import { Button, Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useState } from 'react';
import type { Evaluation } from '@/api';
import { formatCount, formatPercent } from '@/lib';
import { Panel, downloadCsv } from '@/ui';
import classes from './EvaluationTab.module.css';

const COLUMNS = [
  { key: 'name', label: 'Class' },
  { key: 'precision', label: 'Precision' },
  { key: 'recall', label: 'Recall' },
  { key: 'f1', label: 'F1' },
  { key: 'support', label: 'Images' },
] as const;
type Column = (typeof COLUMNS)[number]['key'];
type Row = Evaluation['per_class'][number];

/** Precision, recall and F1 of each class; the weakest are a click away. */
export function ClassTable({ evaluation }: { evaluation: Evaluation }) {
  const [column, setColumn] = useState<Column | null>(null);
  const [isDescending, setDescending] = useState(false);
  const rows = column === null ? evaluation.per_class : sorted(evaluation.per_class, column, isDescending);
  const sortBy = (next: Column) => {
    setDescending(next === column ? !isDescending : false);
    setColumn(next);
  };
  const exportCsv = () =>
    downloadCsv('classes.csv', [
      COLUMNS.map(({ label }) => label),
      ...rows.map((row) => COLUMNS.map(({ key }) => row[key])),
    ]);
  const Arrow = isDescending ? IconArrowDown : IconArrowUp;
  return (
    <Panel
      title="Classes"
      isFlush
      actions={
        <Button size="xs" variant="subtle" color="gray" onClick={exportCsv}>
          CSV
        </Button>
      }
    >
      <Table>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map(({ key, label }) => (
              <Table.Th
                key={key}
                ta={key === 'name' ? 'left' : 'right'}
                aria-sort={column === key ? (isDescending ? 'descending' : 'ascending') : 'none'}
              >
                <UnstyledButton className={classes.sort} onClick={() => sortBy(key)}>
                  {label}
                  {column === key && <Arrow size={12} aria-hidden />}
                </UnstyledButton>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.name}>
              <Table.Td>{row.name}</Table.Td>
              <Share value={row.precision} />
              <Share value={row.recall} />
              <Share value={row.f1} />
              <Table.Td ta="right">{formatCount(row.support)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function Share({ value }: { value: number | null }) {
  return (
    <Table.Td ta="right" className="mono">
      {value === null ? '–' : formatPercent(value)}
    </Table.Td>
  );
}

function sorted(rows: readonly Row[], column: Column, isDescending: boolean): Row[] {
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    if (column === 'name') return sign * a.name.localeCompare(b.name);
    return sign * ((a[column] ?? Infinity) - (b[column] ?? Infinity));
  });
}
