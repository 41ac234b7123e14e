import { Badge, Checkbox, Progress, Table, Tooltip, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconNote } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { RunSummary } from '@/api';
import { TESTIDS, formatAgo, formatDuration, formatNumber, formatPercent } from '@/lib';
import { StateBadge } from '@/ui';
import { Sparkline } from '@/ui/charts';
import { metricName, metricText, runTitle, wishNote } from '../words';
import classes from './RunsPage.module.css';
import type { SortKey, Sorting } from './sorting';

interface RunTableProps {
  runs: readonly RunSummary[];
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  compared: readonly string[];
  onCompare: (runId: string) => void;
}

export function RunTable({ runs, sorting, onSort, compared, onCompare }: RunTableProps) {
  const head = (key: SortKey, label: string, isNumber = false, isExtra = false) => (
    <SortHead sortKey={key} sorting={sorting} onSort={onSort} isNumber={isNumber} isExtra={isExtra}>
      {label}
    </SortHead>
  );
  return (
    <div className={classes.table}>
      <Table highlightOnHover stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>
              <span className="visually-hidden">Compare</span>
            </Table.Th>
            {head('number', '#', true)}
            {head('name', 'Run')}
            {head('state', 'State')}
            {head('epochs', 'Epochs', true)}
            <Table.Th data-narrow>Loss</Table.Th>
            {head('val_loss', 'Val. loss', true, true)}
            {head('val_accuracy', 'Val. accuracy', true)}
            {head('best', 'Best', true)}
            {head('network', 'Network')}
            {head('dataset', 'Data', false, true)}
            {head('duration', 'Time', true)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} isCompared={compared.includes(run.id)} onCompare={() => onCompare(run.id)} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface SortHeadProps {
  sortKey: SortKey;
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  isNumber: boolean;
  /** Left out where there is little room. */
  isExtra: boolean;
  children: ReactNode;
}

function SortHead({ sortKey, sorting, onSort, isNumber, isExtra, children }: SortHeadProps) {
  const isActive = sorting.key === sortKey;
  const Icon = sorting.isDescending ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th data-extra={isExtra || undefined} aria-sort={isActive ? (sorting.isDescending ? 'descending' : 'ascending') : 'none'}>
      <UnstyledButton
        className={classes.sort}
        data-number={isNumber || undefined}
        onClick={() => onSort({ key: sortKey, isDescending: isActive ? !sorting.isDescending : isNumber })}
      >
        {children}
        {isActive && <Icon size={13} aria-hidden />}
      </UnstyledButton>
    </Table.Th>
  );
}

interface RunRowProps {
  run: RunSummary;
  isCompared: boolean;
  onCompare: () => void;
}

function RunRow({ run, isCompared, onCompare }: RunRowProps) {
  const { latest, best_metric: best } = run;
  const note = wishNote(run);
  return (
    <Table.Tr data-testid={TESTIDS.training.row} data-run={run.id}>
      <Table.Td>
        <Checkbox size="xs" checked={isCompared} onChange={onCompare} aria-label={`Compare ${runTitle(run)}`} />
      </Table.Td>
      <Table.Td className={classes.number}>{run.number}</Table.Td>
      <Table.Td>
        <div className={classes.name}>
          <Link to="/runs/$runId" params={{ runId: run.id }}>
            {runTitle(run)}
          </Link>
          {run.tags.map((tag) => (
            <Badge key={tag} color="gray">
              {tag}
            </Badge>
          ))}
          {run.notes !== '' && (
            <Tooltip label={run.notes} multiline w={280}>
              <IconNote size={15} aria-label={`Notes: ${run.notes}`} />
            </Tooltip>
          )}
        </div>
      </Table.Td>
      <Table.Td>
        <span className={classes.state}>
          <StateBadge state={run.state} {...(note === undefined ? {} : { note })} />
          {run.queue_place !== null && <span className={classes.place}>no. {run.queue_place}</span>}
        </span>
      </Table.Td>
      <Table.Td className={classes.number}>
        <div>
          {Math.floor(run.epochs_done)} / {run.epochs}
        </div>
        {run.state === 'running' && <Progress value={(run.epochs_done / run.epochs) * 100} size={2} aria-label="Progress" />}
      </Table.Td>
      <Table.Td data-narrow>
        <Sparkline values={run.sparkline} label="Training loss, newest values" />
      </Table.Td>
      <Table.Td className={classes.number} data-extra>{latest.val_loss == null ? '' : formatNumber(latest.val_loss)}</Table.Td>
      <Table.Td className={classes.number}>
        {latest.val_accuracy == null ? '' : formatPercent(latest.val_accuracy, 2)}
      </Table.Td>
      <Table.Td className={classes.number}>
        {best && (
          <Tooltip label={`${metricName(best.name)} at step ${String(best.step)}`}>
            <b>{metricText(best.name, best.value)}</b>
          </Tooltip>
        )}
      </Table.Td>
      <Table.Td className={classes.clip}>{run.network_name}</Table.Td>
      <Table.Td className={classes.clip} data-extra>{run.dataset_name}</Table.Td>
      <Table.Td className={classes.number} title={`Started ${formatAgo(run.created_at)} by ${run.author}`}>
        {run.duration_s === null ? '' : formatDuration(run.duration_s)}
      </Table.Td>
    </Table.Tr>
  );
}
