import { Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import type { PredictedRow, PredictionTable } from '@/api';
import { TESTIDS, formatCount, formatPercent } from '@/lib';
import type { Order } from './api';
import classes from './PredictionsTab.module.css';

interface RowsProps {
  table: PredictionTable;
  rows: readonly PredictedRow[];
  order: Order;
  onOrder: (order: Order) => void;
  onItem: (itemId: string) => void;
}

/** The images of a page with what the network said; a click on one inspects it. */
export function Rows({ table, rows, order, onOrder, onItem }: RowsProps) {
  const nameOf = (index: number) => table.classes[index] ?? `class ${String(index)}`;
  const hasBoxes = table.kind === 'boxes';
  return (
    <div className={classes.scroll}>
      <Table stickyHeader highlightOnHover className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={56}>
              <span className={classes.hidden}>Picture</span>
            </Table.Th>
            <SortHead label="Image" isUp={order === 'position'} isDown={false} onSort={() => onOrder('position')} />
            {hasBoxes ? (
              <SortHead label="Boxes" isUp={false} isDown={order === '-boxes'} onSort={() => onOrder('-boxes')} />
            ) : (
              <SortHead label="Is" isUp={order === 'label'} isDown={false} onSort={() => onOrder('label')} />
            )}
            <SortHead label={hasBoxes ? 'Best' : 'Says'} isUp={order === 'predicted'} isDown={false} onSort={() => onOrder('predicted')} />
            <SortHead
              label="Score"
              isUp={order === 'score'}
              isDown={order === '-score'}
              onSort={() => onOrder(order === '-score' ? 'score' : '-score')}
            />
            <Table.Th>Then</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ item, label, top, num_boxes, is_right, problem }) => {
            const [best, ...others] = top;
            return (
              <Table.Tr key={item.id} data-testid={TESTIDS.inspect.predictionRow}>
                <Table.Td>
                  <img src={item.thumbnail_url} alt="" loading="lazy" className={classes.thumb} data-tiny={item.width <= 64 || undefined} />
                </Table.Td>
                <Table.Td>
                  <UnstyledButton className={classes.name} title={item.source} onClick={() => onItem(item.id)}>
                    {item.file_name}
                  </UnstyledButton>
                  <div className={classes.folder}>{folderOf(item.source)}</div>
                </Table.Td>
                {hasBoxes ? (
                  <Table.Td className={classes.score}>{num_boxes === null ? '' : formatCount(num_boxes)}</Table.Td>
                ) : (
                  <Table.Td>{label === null ? '' : (table.dataset_classes[label] ?? String(label))}</Table.Td>
                )}
                <Table.Td>
                  {best === undefined ? <span className={classes.muted}>{problem === '' ? 'nothing found' : problem}</span> : <Said name={nameOf(best.index)} isRight={is_right} />}
                </Table.Td>
                <Table.Td className={classes.score}>{best === undefined ? '' : formatPercent(best.score, 1)}</Table.Td>
                <Table.Td className={classes.muted}>
                  {others
                    .slice(0, 2)
                    .map(({ index, score }) => `${nameOf(index)} ${formatPercent(score, 1)}`)
                    .join(', ')}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      {rows.length === 0 && <p className={classes.none}>No image is like that.</p>}
    </div>
  );
}

function folderOf(source: string): string {
  return source.slice(0, Math.max(0, source.lastIndexOf('/')));
}

function Said({ name, isRight }: { name: string; isRight: boolean | null }) {
  if (isRight === null) return name;
  return (
    <span className={isRight ? undefined : classes.wrong}>
      {name} <small>{isRight ? 'right' : 'wrong'}</small>
    </span>
  );
}

interface SortHeadProps {
  label: string;
  isUp: boolean;
  isDown: boolean;
  onSort: () => void;
}

function SortHead({ label, isUp, isDown, onSort }: SortHeadProps) {
  return (
    <Table.Th aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}>
      <UnstyledButton className={classes.sort} onClick={onSort}>
        {label}
        {isUp && <IconArrowUp size={12} aria-hidden />}
        {isDown && <IconArrowDown size={12} aria-hidden />}
      </UnstyledButton>
    </Table.Th>
  );
}
