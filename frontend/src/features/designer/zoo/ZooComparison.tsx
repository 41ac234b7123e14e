import { Modal, Table } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { DESIGNER_IDS } from '../testids';
import { zooEntryQuery } from './queries';
import classes from './Zoo.module.css';
import { factsOf } from './ZooFacts';

interface ZooComparisonProps {
  keys: readonly string[];
  onClose: () => void;
}

/** Two networks side by side; what differs stands out. */
export function ZooComparison({ keys, onClose }: ZooComparisonProps) {
  const found = useQueries({ queries: keys.map((key) => zooEntryQuery(key)) });
  const columns = found.map(({ data }) =>
    data === undefined ? null : { name: data.row.name, facts: new Map(factsOf(data.row, data.weights[0])) },
  );
  const labels = [...new Set(columns.flatMap((column) => [...(column?.facts.keys() ?? [])]))];
  return (
    <Modal opened onClose={onClose} title="Compare two networks" size={760}>
      <Table className={classes.comparison} data-testid={DESIGNER_IDS.zooComparison}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th />
            {columns.map((column, index) => (
              <Table.Th key={keys[index]}>{column?.name ?? '…'}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {labels.map((label) => {
            const values = columns.map((column) => column?.facts.get(label) ?? '–');
            return (
              <Table.Tr key={label} data-different={values[0] !== values[1] || undefined}>
                <Table.Th scope="row">{label}</Table.Th>
                {values.map((value, index) => (
                  <Table.Td key={keys[index]}>{value}</Table.Td>
                ))}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
