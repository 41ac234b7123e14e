import { Button, Table } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { addressOf, http, type Baseline, type BaselineComparison } from '@/api';
import { TESTIDS, formatBytes, formatCount, formatDuration, formatPercent } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import { comparedQuery, type JudgedSplit } from './api';
import classes from './Baselines.module.css';

interface ComparisonTableProps {
  versionId: string;
  split: JudgedSplit;
  /** Results can be deleted from here. */
  canEdit?: boolean;
}

/** Everything judged on the same images, the best first: whether deep learning pays. */
export function ComparisonTable({ versionId, split, canEdit = false }: ComparisonTableProps) {
  const { data, error } = useQuery(comparedQuery(versionId, split));
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) => http.delete(`/api/baselines/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: comparedQuery(versionId, split).queryKey }),
  });
  if (error) return <ProblemNotice error={error} />;
  const rows = data ? rowsOf(data) : [];
  if (rows.length === 0) return null;
  const best = rows[0]?.accuracy ?? 1;
  return (
    <Panel title={`On the ${split} images of ${data?.dataset_name ?? ''}`} isFlush>
      <div className={classes.scroll}>
        <Table className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Model</Table.Th>
              <Table.Th>Learned from</Table.Th>
              <Table.Th ta="right">Accuracy</Table.Th>
              <Table.Th ta="right">Macro F1</Table.Th>
              <Table.Th ta="right">Learning</Table.Th>
              <Table.Th ta="right">Memory</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.id} data-testid={TESTIDS.inspect.baselineRow} data-network={row.isNetwork || undefined}>
                <Table.Td className={row.isNetwork ? classes.network : undefined}>{row.title}</Table.Td>
                <Table.Td>
                  {row.features}
                  {row.notes.map((note) => (
                    <small key={note} className={classes.note}>
                      {note}
                    </small>
                  ))}
                </Table.Td>
                <Table.Td className={classes.number}>
                  <span className={classes.bar} style={{ '--share': best === 0 ? 0 : row.accuracy }} aria-hidden />
                  {formatPercent(row.accuracy, 2)}
                </Table.Td>
                <Table.Td className={classes.number}>{formatPercent(row.macroF1, 2)}</Table.Td>
                <Table.Td className={classes.number}>{row.seconds}</Table.Td>
                <Table.Td className={classes.number}>{row.memory}</Table.Td>
                <Table.Td className={classes.actions}>
                  {row.baseline?.has_model && (
                    <Button component="a" href={addressOf(`/api/baselines/${row.id}/model`)} size="compact-xs" variant="subtle" color="gray">
                      .npz
                    </Button>
                  )}
                  {canEdit && row.baseline && (
                    <Button size="compact-xs" variant="subtle" color="gray" onClick={() => remove.mutate(row.id)}>
                      Delete
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Panel>
  );
}

interface Row {
  id: string;
  title: string;
  features: string;
  isNetwork: boolean;
  accuracy: number;
  macroF1: number;
  seconds: string;
  memory: string;
  notes: readonly string[];
  baseline: Baseline | null;
}

/** Runs and classical models in one list, the best first. */
export function rowsOf({ baselines, runs }: BaselineComparison): Row[] {
  const classical = baselines.map((each): Row => ({
    id: each.id,
    title: each.title,
    features: each.asked === '' ? each.features : `${each.features} · ${each.asked}`,
    isNetwork: each.model === 'network',
    accuracy: each.accuracy,
    macroF1: each.macro_f1,
    seconds: each.num_train === 0 ? '' : `${formatDuration(each.fit_seconds)}, ${formatCount(each.num_train)} images`,
    memory: each.table_bytes === 0 ? '' : formatBytes(each.table_bytes),
    notes: each.notes,
    baseline: each,
  }));
  const judged = runs.map((each): Row => ({
    id: each.evaluation_id,
    title: each.run_name,
    features: `The whole network, ${each.network_name}`,
    isNetwork: true,
    accuracy: each.accuracy,
    macroF1: each.macro_f1,
    seconds: '',
    memory: '',
    notes: [],
    baseline: null,
  }));
  return [...classical, ...judged].sort((one, other) => other.accuracy - one.accuracy);
}
