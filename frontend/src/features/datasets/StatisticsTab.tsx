import { Button, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Dataset, Split, Statistics } from '@/api';
import { TESTIDS, formatCount, formatPercent } from '@/lib';
import { Panel, ProblemNotice, downloadCsv } from '@/ui';
import { statisticsQuery } from './api';
import classes from './DatasetPage.module.css';

const SPLITS: readonly { split: Split; name: string; color: string }[] = [
  { split: 'train', name: 'Train', color: 'var(--nl-series-1)' },
  { split: 'validation', name: 'Validation', color: 'var(--nl-series-2)' },
  { split: 'test', name: 'Test', color: 'var(--nl-series-4)' },
  { split: 'unassigned', name: 'No split', color: 'var(--nl-line-strong)' },
];

export function StatisticsTab({ dataset }: { dataset: Dataset }) {
  const { data, error } = useQuery(statisticsQuery(dataset.id));
  if (error) return <ProblemNotice error={error} />;
  if (!data) return null;
  return (
    <div className={classes.panels} data-testid={TESTIDS.data.statistics}>
      {data.notes.length > 0 && (
        <Panel title="Worth a look">
          <ul className={classes.notes}>
            {data.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Panel>
      )}
      <ClassBalance dataset={dataset} statistics={data} />
      <ImageSizes statistics={data} />
    </div>
  );
}

function ClassBalance({ dataset, statistics }: { dataset: Dataset; statistics: Statistics }) {
  const most = Math.max(1, ...statistics.balance.map(({ total }) => total));
  const colors = new Map(dataset.classes.map(({ id, color }) => [id, color]));
  const exportCsv = () =>
    downloadCsv(`${dataset.name} class balance.csv`, [
      ['class', ...SPLITS.map(({ split }) => split), 'total'],
      ...statistics.balance.map((row) => [row.name, ...SPLITS.map(({ split }) => row[split]), row.total]),
    ]);
  return (
    <Panel
      title="Class balance"
      actions={
        <Button size="xs" variant="subtle" color="gray" onClick={exportCsv}>
          CSV
        </Button>
      }
    >
      <div className={classes.legend}>
        {SPLITS.map(({ split, name, color }) => (
          <span key={split}>
            <i style={{ '--split-color': color }} aria-hidden />
            {name} {formatCount(statistics.splits[split])}
          </span>
        ))}
      </div>
      {statistics.balance.map((row) => (
        <div key={row.class_id} className={classes.balanceRow}>
          <div className={classes.balanceName}>
            <span className={classes.swatch} style={{ '--class-color': colors.get(row.class_id) }} aria-hidden />
            <span>{row.name}</span>
          </div>
          <div
            className={classes.track}
            role="img"
            aria-label={SPLITS.map(({ split, name }) => `${name} ${String(row[split])}`).join(', ')}
          >
            {SPLITS.map(({ split, name, color }) => (
              <span
                key={split}
                title={`${name}: ${formatCount(row[split])}`}
                style={{ width: `${String((row[split] / most) * 100)}%`, '--split-color': color }}
              />
            ))}
          </div>
          <div className={classes.number}>{formatCount(row.total)}</div>
        </div>
      ))}
    </Panel>
  );
}

function ImageSizes({ statistics }: { statistics: Statistics }) {
  const total = statistics.sizes.reduce((sum, { count }) => sum + count, 0);
  const modes = Object.entries(statistics.modes);
  return (
    <Panel title="Images" isFlush>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Size</Table.Th>
            <Table.Th ta="right">Images</Table.Th>
            <Table.Th ta="right">Share</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {statistics.sizes.slice(0, 12).map(({ width, height, count }) => (
            <Table.Tr key={`${String(width)}x${String(height)}`}>
              <Table.Td className="mono">
                {width} × {height} px
              </Table.Td>
              <Table.Td ta="right">{formatCount(count)}</Table.Td>
              <Table.Td ta="right">{formatPercent(count / Math.max(1, total))}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <p className={classes.muted} style={{ padding: '0 16px' }}>
        {statistics.num_sizes > 12 && `${formatCount(statistics.num_sizes)} sizes in all. `}
        Modes: {modes.map(([mode, count]) => `${mode} ${formatCount(count)}`).join(', ')}.
      </p>
    </Panel>
  );
}
