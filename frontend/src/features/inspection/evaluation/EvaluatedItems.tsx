import { Button, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { Evaluation, Run } from '@/api';
import { TESTIDS, formatNumber, formatPercent, plural } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import { fetchEvaluatedItems, type Cell } from '../api';
import classes from './EvaluationTab.module.css';

interface EvaluatedItemsProps {
  evaluation: Evaluation;
  run: Run;
  cell: Cell | null;
  onClear: () => void;
  onItem: (itemId: string) => void;
}

/** The images behind a cell, or the worst of all; a click inspects one. */
export function EvaluatedItems({ evaluation, cell, onClear, onItem }: EvaluatedItemsProps) {
  const query = useInfiniteQuery({
    queryKey: ['evaluation', evaluation.id, 'items', cell],
    queryFn: ({ pageParam, signal }) => fetchEvaluatedItems(evaluation.id, cell, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const nameOf = (index: number) => evaluation.classes[index] ?? String(index);
  const title =
    cell === null
      ? 'Worst first'
      : cell.truth === cell.predicted
        ? `${nameOf(cell.truth)}, recognised`
        : `${nameOf(cell.truth)} called ${nameOf(cell.predicted)}`;
  return (
    <Panel
      title={`${title} · ${plural(total, 'image')}`}
      actions={
        cell && (
          <Button size="xs" variant="subtle" color="gray" onClick={onClear}>
            Show the worst of all
          </Button>
        )
      }
    >
      {query.error && <ProblemNotice error={query.error} />}
      {query.data && total === 0 && <p className={classes.muted}>No mistakes: every image was recognised.</p>}
      <div className={classes.items}>
        {items.map(({ item, label, predicted, confidence, loss }) => (
          <UnstyledButton
            key={item.id}
            className={classes.item}
            onClick={() => onItem(item.id)}
            aria-label={`${item.file_name}: ${nameOf(label)} called ${nameOf(predicted)}`}
            data-testid={TESTIDS.inspect.mistake}
          >
            <img src={item.thumbnail_url} alt="" loading="lazy" data-tiny={item.width <= 64 || undefined} />
            <span className={label === predicted ? undefined : classes.wrong}>
              {nameOf(predicted)} {formatPercent(confidence, 0)}
            </span>
            <small>
              is {nameOf(label)} · loss {formatNumber(loss)}
            </small>
          </UnstyledButton>
        ))}
      </div>
      {query.hasNextPage && (
        <Button mt={12} size="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          More
        </Button>
      )}
    </Panel>
  );
}
