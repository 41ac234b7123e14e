import { Table } from '@mantine/core';
import { IconChartLine, IconPhoto, IconTopologyStar3 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ProjectStorage, StoredThing } from '@/api';
import { TESTIDS, formatBytes, plural } from '@/lib';
import { Panel } from '@/ui';
import classes from './StoragePage.module.css';

const KINDS = {
  dataset: { icon: IconPhoto, word: 'Dataset' },
  run: { icon: IconChartLine, word: 'Run' },
  network: { icon: IconTopologyStar3, word: 'Network' },
} as const;

/** Datasets and runs by what they take. */
export function ThingsPanel({ storage }: { storage: ProjectStorage }) {
  const { things, num_things: total } = storage;
  if (things.length === 0) return null;
  const largest = Math.max(1, ...things.map(({ size_bytes }) => size_bytes));
  return (
    <Panel title={things.length < total ? `The largest ${String(things.length)} of ${plural(total, 'thing')}` : 'Datasets and runs'} isFlush>
      <Table>
        <Table.Tbody>
          {things.map((thing) => (
            <Table.Tr key={`${thing.kind}-${thing.id}`} data-testid={TESTIDS.storage.thing}>
              <Table.Td className={classes.thing}>
                <ThingName thing={thing} />
              </Table.Td>
              <Table.Td className={classes.quiet}>{KINDS[thing.kind].word}</Table.Td>
              <Table.Td className={classes.share} aria-hidden>
                <i style={{ width: `${String((thing.size_bytes / largest) * 100)}%` }} />
              </Table.Td>
              <Table.Td className={classes.size}>{formatBytes(thing.size_bytes)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function ThingName({ thing: { kind, id, name } }: { thing: StoredThing }) {
  const Icon = KINDS[kind].icon;
  const inside = (
    <>
      <Icon size={15} stroke={1.6} aria-hidden />
      <span>{name}</span>
    </>
  );
  switch (kind) {
    case 'dataset':
      return <Link to="/data/$datasetId" params={{ datasetId: id }}>{inside}</Link>;
    case 'run':
      return <Link to="/runs/$runId" params={{ runId: id }}>{inside}</Link>;
    case 'network':
      return <Link to="/networks/$networkId" params={{ networkId: id }}>{inside}</Link>;
  }
}
