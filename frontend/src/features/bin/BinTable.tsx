import { Table } from '@mantine/core';
import { IconChartLine, IconFolder, IconPhoto, IconTopologyStar3 } from '@tabler/icons-react';
import type { BinnedThing } from '@/api';
import { TESTIDS, formatAgo, formatBytes, formatDateTime } from '@/lib';
import { Panel } from '@/ui';
import { BinActions } from './BinActions';
import classes from './BinPage.module.css';

export interface BinnedRow extends Omit<BinnedThing, 'kind'> {
  kind: BinnedThing['kind'] | 'project';
  /** Where to ask for it back; null for who may not. */
  restorePath: string | null;
  purgePath: string | null;
}

const ICONS = { network: IconTopologyStar3, dataset: IconPhoto, run: IconChartLine, project: IconFolder } as const;
const DAY_MS = 86_400_000;

interface BinTableProps {
  title: string;
  rows: readonly BinnedRow[];
  rowTestId?: string;
  /** What else is to be asked again once one is back. */
  changes?: readonly string[];
}

export function BinTable({ title, rows, rowTestId = TESTIDS.bin.row, changes }: BinTableProps) {
  if (rows.length === 0) return null;
  return (
    <Panel title={title} isFlush>
      <Table className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th w={190}>Deleted</Table.Th>
            <Table.Th w={160}>Kept</Table.Th>
            <Table.Th w={90} ta="right">
              Size
            </Table.Th>
            <Table.Th w={152}>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.kind}-${row.id}`} data-testid={rowTestId}>
              <Table.Td className={classes.nameCell}>
                <ThingName row={row} />
              </Table.Td>
              <Table.Td className={classes.time}>
                <span title={formatDateTime(row.deleted_at)}>{formatAgo(row.deleted_at)}</span>
                {row.deleted_by !== null && <small>by {row.deleted_by}</small>}
              </Table.Td>
              <Table.Td className={classes.time}>{fate(row)}</Table.Td>
              <Table.Td className={classes.size}>{row.size_bytes > 0 ? formatBytes(row.size_bytes) : '–'}</Table.Td>
              <Table.Td>
                <BinActions row={row} {...(changes === undefined ? {} : { changes })} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function ThingName({ row }: { row: BinnedRow }) {
  const Icon = ICONS[row.kind];
  return (
    <span className={classes.name}>
      <Icon size={16} stroke={1.6} aria-hidden />
      <span>
        <b>{row.name}</b>
        <small>{row.what}</small>
      </span>
    </span>
  );
}

function fate(row: BinnedRow) {
  if (row.is_purging) return 'being deleted';
  if (row.kept_because !== '') {
    return (
      <>
        stays<small>{row.kept_because}</small>
      </>
    );
  }
  const days = Math.max(0, Math.ceil((Date.parse(row.purged_at) - Date.now()) / DAY_MS));
  return (
    <>
      {days === 1 ? '1 more day' : `${String(days)} more days`}
      <small>until {new Date(row.purged_at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}</small>
    </>
  );
}
