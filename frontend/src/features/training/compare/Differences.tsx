import { Button, Table } from '@mantine/core';
import { useState } from 'react';
import type { RunComparison } from '@/api';
import { Panel } from '@/ui';
import { curveKey, lastEpochMean, type Curves } from '../live/curves';
import { metricName, metricText } from '../words';
import classes from './CompareRunsPage.module.css';
import { summarizeGraph, typeCounts } from './graphSummary';
import { settingText } from './settingText';

export const COLORS = ['var(--nl-series-1)', 'var(--nl-series-2)'] as const;

interface DifferencesProps {
  comparison: RunComparison;
  /** Numbers and names of the two runs. */
  labels: readonly string[];
  trained: readonly Curves[];
}

/** What two runs reached, and in what they differ. */
export function Differences({ comparison, labels, trained }: DifferencesProps) {
  const { results, config, graph, data } = comparison;
  return (
    <div className={classes.columns}>
      <Panel title="Results" isFlush>
        <PairTable
          labels={labels}
          rows={results.map(({ metric, a, b }) => ({
            name: isOfTraining(metric) ? `Training ${metricName(metric).toLowerCase()}` : metricName(metric),
            a: resultText(metric, trainMean(trained[0], metric) ?? a),
            b: resultText(metric, trainMean(trained[1], metric) ?? b),
          }))}
        />
        <p className={classes.note}>Loss and accuracy of training are means over the last epoch.</p>
      </Panel>
      <Panel title="Settings that differ" isFlush={config.length > 0}>
        {config.length === 0 ? (
          <p className={classes.muted}>None.</p>
        ) : (
          <PairTable
            labels={labels}
            rows={config.map(({ path, a, b }) => ({ name: path, a: settingText(a), b: settingText(b) }))}
          />
        )}
      </Panel>
      <Panel title="Network">
        <GraphChanges graph={graph} labels={labels} />
      </Panel>
      <Panel title="Data">
        <p className={classes.muted}>
          {data.same
            ? `The same: ${data.a_dataset} v${String(data.a.number)}.`
            : `${data.a_dataset} v${String(data.a.number)} and ${data.b_dataset} v${String(data.b.number)}.`}
        </p>
      </Panel>
    </div>
  );
}

const resultText = (metric: string, value: number | null) => (value === null ? 'none' : metricText(metric, value));

const isOfTraining = (metric: string): boolean => metric === 'loss' || metric === 'accuracy';

/** Training is told of batch by batch: its epoch says more than its last batch. */
function trainMean(curves: Curves | undefined, metric: string): number | undefined {
  const curve = isOfTraining(metric) ? curves?.get(curveKey('train', metric)) : undefined;
  return curve && lastEpochMean(curve);
}

function GraphChanges({ graph, labels }: { graph: RunComparison['graph']; labels: readonly string[] }) {
  const { isUnrelated, headline, rows } = summarizeGraph(graph);
  const [isWhole, setWhole] = useState(false);
  if (rows.length === 0) return <p className={classes.muted}>The same network.</p>;
  const onlyIn = [typeCounts(graph, 'removed'), typeCounts(graph, 'added')];
  return (
    <>
      <p className={classes.headline}>
        Layers: {headline}.
      </p>
      {isUnrelated && (
        <ul className={classes.changes}>
          {onlyIn.map((counts, index) =>
            counts === '' ? null : (
              <li key={labels[index]} data-kind={index === 0 ? 'removed' : 'added'}>
                Only in <b>{labels[index]}</b>: {counts}
              </li>
            ),
          )}
        </ul>
      )}
      {(!isUnrelated || isWhole) && (
        <ul className={classes.changes}>
          {rows.map(({ kind, node, name, type, detail }) => (
            <li key={`${kind} ${node} ${detail}`} data-kind={kind}>
              <b>{kind}</b> <span className="mono">{name}</span> {type} {detail}
            </li>
          ))}
        </ul>
      )}
      {isUnrelated && (
        <Button mt={8} size="xs" variant="subtle" color="gray" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Only the summary' : 'Every layer'}
        </Button>
      )}
    </>
  );
}

interface PairTableProps {
  labels: readonly string[];
  rows: readonly { name: string; a: string; b: string }[];
}

function PairTable({ labels, rows }: PairTableProps) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>
            <span className="visually-hidden">Name</span>
          </Table.Th>
          {COLORS.map((color, index) => (
            <Table.Th key={color} className={classes.runName} title={labels[index]}>
              <span className={classes.dot} style={{ '--run-color': color }} /> {labels[index]}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ name, a, b }) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td className="mono">{a}</Table.Td>
            <Table.Td className="mono">{b}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
