import { Button, Pagination, Select } from '@mantine/core';
import { IconDownload, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addressOf, http, type PredictionTable } from '@/api';
import { TESTIDS, formatCount, formatPercent, plural } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import { EVERYTHING, PAGE_SIZE, rowsQuery, tableQuery, type RowFilter } from './api';
import classes from './PredictionsTab.module.css';
import { Rows } from './Rows';
import { SearchField } from './SearchField';

const RIGHT = [
  { value: 'yes', label: 'Right' },
  { value: 'no', label: 'Wrong' },
  { value: 'unknown', label: 'No label to compare' },
];

interface TableViewProps {
  tableId: string;
  canEdit: boolean;
  onItem: (itemId: string, datasetId: string) => void;
  onDeleted: () => void;
}

/** One table, filtered and ordered by the server, a page at a time. */
export function TableView({ tableId, canEdit, onItem, onDeleted }: TableViewProps) {
  const { data: table, error } = useQuery(tableQuery(tableId));
  const [filter, setFilter] = useState<RowFilter>(EVERYTHING);
  const rows = useQuery(rowsQuery(tableId, filter));
  const remove = useMutation({
    mutationFn: () => http.delete(`/api/prediction-tables/${tableId}`),
    onSuccess: onDeleted,
  });
  if (error) return <ProblemNotice error={error} />;
  if (!table) return null;
  const narrow = (change: Partial<RowFilter>) => setFilter((before) => ({ ...before, page: 1, ...change }));
  const total = rows.data?.total ?? 0;
  return (
    <Panel
      title={headline(table)}
      isFlush
      actions={
        <>
          <Button
            component="a"
            href={addressOf(table.csv_url)}
            size="xs"
            variant="subtle"
            color="gray"
            leftSection={<IconDownload size={14} />}
            data-testid={TESTIDS.inspect.predictionsCsv}
          >
            CSV
          </Button>
          {canEdit && (
            <Button
              size="xs"
              variant="subtle"
              color="gray"
              leftSection={<IconTrash size={14} />}
              loading={remove.isPending}
              onClick={() => remove.mutate()}
            >
              Delete
            </Button>
          )}
        </>
      }
    >
      <div className={classes.filters}>
        <SearchField onSearch={(name) => narrow({ name })} />
        <NamesSelect label={table.kind === 'boxes' ? 'Best' : 'Says'} names={table.classes} value={filter.predicted} onChange={(predicted) => narrow({ predicted })} />
        {table.kind === 'classes' && (
          <NamesSelect label="Is" names={table.dataset_classes} value={filter.label} onChange={(label) => narrow({ label })} />
        )}
        {table.kind === 'classes' && (
          <Select
            w={180}
            clearable
            aria-label="Right or wrong"
            placeholder="Right or wrong"
            data={RIGHT}
            value={filter.right}
            onChange={(right) => narrow({ right })}
            data-testid={TESTIDS.inspect.predictionsRight}
          />
        )}
        <span className={classes.count} data-testid={TESTIDS.inspect.predictionsCount}>
          {plural(total, 'image')}
        </span>
        <span className={classes.spacer} />
        {total > PAGE_SIZE && (
          <Pagination
            size="sm"
            total={Math.ceil(total / PAGE_SIZE)}
            value={filter.page}
            onChange={(page) => setFilter({ ...filter, page })}
            getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          />
        )}
      </div>
      {rows.error && <ProblemNotice error={rows.error} />}
      <Rows
        table={table}
        rows={rows.data?.items ?? []}
        order={filter.order}
        onOrder={(order) => narrow({ order })}
        onItem={(itemId) => onItem(itemId, table.dataset_id)}
      />
    </Panel>
  );
}

function headline(table: PredictionTable): string {
  const of = `${table.asked} on ${table.dataset_name}`;
  const unread = table.num_unreadable === 0 ? '' : ` · ${formatCount(table.num_unreadable)} could not be read`;
  if (table.accuracy === null) return `${of}${unread}`;
  return `${of} · ${formatPercent(table.accuracy, 2)} of ${formatCount(table.num_labeled)} right${unread}`;
}

interface NamesSelectProps {
  label: string;
  names: readonly string[];
  value: string | null;
  onChange: (value: string | null) => void;
}

function NamesSelect({ label, names, value, onChange }: NamesSelectProps) {
  return (
    <Select
      w={180}
      clearable
      searchable
      limit={200}
      aria-label={label}
      placeholder={`${label} any class`}
      data={names.map((name, index) => ({ value: String(index), label: name }))}
      value={value}
      onChange={onChange}
    />
  );
}
