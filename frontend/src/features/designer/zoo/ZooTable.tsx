import { ActionIcon, Checkbox, Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconCircleCheck, IconTransform } from '@tabler/icons-react';
import type { ZooRow } from '@/api';
import { DESIGNER_IDS } from '../testids';
import { isForData, zooKey, type ZooColumn } from './queries';
import { NOT_KNOWN, accuracyText, computeText, parametersText, sizeText } from './words';
import classes from './Zoo.module.css';

export interface ZooSorting {
  sort: ZooColumn;
  isDescending: boolean;
}

interface ZooTableProps {
  rows: readonly ZooRow[];
  sorting: ZooSorting;
  onSort: (sorting: ZooSorting) => void;
  chosen: string;
  onChoose: (key: string) => void;
  compared: readonly string[];
  onCompare: (key: string) => void;
  /** Goes on with transfer learning; null for somebody who may not. */
  onUse: ((key: string) => void) | null;
}

const COLUMNS: readonly { key: ZooColumn; label: string; isNumber: boolean }[] = [
  { key: 'name', label: 'Network', isNumber: false },
  { key: 'accuracy', label: 'Accuracy', isNumber: true },
  { key: 'parameters', label: 'Parameters', isNumber: true },
  { key: 'flops', label: 'Compute', isNumber: true },
  { key: 'size', label: 'File', isNumber: true },
  { key: 'licence', label: 'Licence', isNumber: false },
];

/** Every network as a row; a click shows it, two ticks compare. */
export function ZooTable({ rows, sorting, onSort, ...rest }: ZooTableProps) {
  return (
    <div className={classes.table}>
      <Table highlightOnHover stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={34}>
              <span className="visually-hidden">Compare</span>
            </Table.Th>
            {COLUMNS.map((column) => (
              <SortHead key={column.key} column={column.key} label={column.label} isNumber={column.isNumber} sorting={sorting} onSort={onSort} />
            ))}
            <Table.Th>Weights</Table.Th>
            <Table.Th w={44}>
              <span className="visually-hidden">Use for my data</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <ZooTableRow key={zooKey(row)} row={row} {...rest} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface SortHeadProps {
  column: ZooColumn;
  label: string;
  isNumber: boolean;
  sorting: ZooSorting;
  onSort: (sorting: ZooSorting) => void;
}

function SortHead({ column, label, isNumber, sorting, onSort }: SortHeadProps) {
  const isActive = sorting.sort === column;
  const Icon = sorting.isDescending ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th
      data-extra={column === 'licence' || column === 'size' || undefined}
      aria-sort={isActive ? (sorting.isDescending ? 'descending' : 'ascending') : 'none'}
    >
      <UnstyledButton
        className={classes.sort}
        data-number={isNumber || undefined}
        onClick={() =>
          onSort({
            sort: column,
            isDescending: isActive ? !sorting.isDescending : column === 'accuracy',
          })
        }
      >
        {label}
        {isActive && <Icon size={13} aria-hidden />}
      </UnstyledButton>
    </Table.Th>
  );
}

type ZooTableRowProps = { row: ZooRow } & Pick<ZooTableProps, 'chosen' | 'onChoose' | 'compared' | 'onCompare' | 'onUse'>;

function ZooTableRow({ row, chosen, onChoose, compared, onCompare, onUse }: ZooTableRowProps) {
  const key = zooKey(row);
  return (
    <Table.Tr
      className={classes.row}
      data-chosen={key === chosen || undefined}
      data-closed={!row.can_open || undefined}
      data-testid={DESIGNER_IDS.zooRow(row.name)}
      onClick={() => onChoose(key)}
    >
      <Table.Td onClick={(event) => event.stopPropagation()}>
        <Checkbox
          size="xs"
          checked={compared.includes(key)}
          onChange={() => onCompare(key)}
          aria-label={`Compare ${row.name}`}
        />
      </Table.Td>
      <Table.Td>
        <UnstyledButton className={classes.name} aria-pressed={key === chosen} onClick={() => onChoose(key)}>
          {row.name}
        </UnstyledButton>
      </Table.Td>
      <Table.Td className={classes.number} title={row.measure}>
        {accuracyText(row.accuracy)}
      </Table.Td>
      <Table.Td className={classes.number}>{parametersText(row.parameters)}</Table.Td>
      <Table.Td className={classes.number}>{computeText(row.flops)}</Table.Td>
      <Table.Td className={classes.number} data-extra>
        {sizeText(row.size_mb)}
      </Table.Td>
      <Table.Td data-extra className={classes.quiet} title={row.licence}>
        {row.licence || NOT_KNOWN}
      </Table.Td>
      <Table.Td className={classes.quiet}>
        {row.is_here ? (
          <span className={classes.here}>
            <IconCircleCheck size={14} aria-hidden /> here
          </span>
        ) : row.weights === '' ? (
          'none'
        ) : (
          'not here'
        )}
      </Table.Td>
      <Table.Td onClick={(event) => event.stopPropagation()}>
        {onUse !== null && row.is_here && isForData(row) && (
          <ActionIcon
            variant="subtle"
            size={26}
            aria-label={`Use ${row.name} for my data`}
            title="Use for my data: transfer learning"
            data-testid={DESIGNER_IDS.zooRowForData(row.name)}
            onClick={() => onUse(key)}
          >
            <IconTransform size={15} />
          </ActionIcon>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
