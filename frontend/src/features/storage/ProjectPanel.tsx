import { Table } from '@mantine/core';
import type { ProjectStorage } from '@/api';
import { TESTIDS, formatBytes } from '@/lib';
import { Panel } from '@/ui';
import { QuotaBar, shareText } from './QuotaBar';
import classes from './StoragePage.module.css';
import { PARTS } from './words';

/** How full the project is and what fills it, largest first. */
export function ProjectPanel({ storage }: { storage: ProjectStorage }) {
  const { used_bytes: used, quota_bytes: quota, parts, counted_once_bytes: twice } = storage;
  const largest = Math.max(1, ...parts.map(({ size_bytes }) => size_bytes));
  return (
    <Panel>
      <div className={classes.total} data-testid={TESTIDS.storage.used}>
        <b>{formatBytes(used)}</b>
        <span>
          of {formatBytes(quota)} · {shareText(used / quota)}
        </span>
        <span className={classes.left}>{formatBytes(Math.max(quota - used, 0))} left</span>
      </div>
      <QuotaBar
        used={used}
        quota={quota}
        segments={parts.map(({ name, size_bytes }) => ({ key: name, bytes: size_bytes, color: PARTS[name].color }))}
      />
      {parts.length > 0 && (
        <Table className={classes.parts} horizontalSpacing={0} withRowBorders={false} aria-label="What fills it">
          <Table.Tbody>
            {parts.map(({ name, size_bytes, num }) => (
              <Table.Tr key={name} data-testid={TESTIDS.storage.part}>
                <Table.Td>
                  <span className={classes.partName}>
                    <i style={{ background: PARTS[name].color }} aria-hidden />
                    {PARTS[name].title}
                  </span>
                </Table.Td>
                <Table.Td className={classes.quiet}>{PARTS[name].count(num)}</Table.Td>
                <Table.Td className={classes.share} aria-hidden>
                  <i style={{ width: `${String((size_bytes / largest) * 100)}%`, background: PARTS[name].color }} />
                </Table.Td>
                <Table.Td className={classes.size}>{formatBytes(size_bytes)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {twice > 0 && (
        <p className={classes.note}>
          {formatBytes(twice)} of these are the same files in several places; they are stored and counted once.
        </p>
      )}
    </Panel>
  );
}
