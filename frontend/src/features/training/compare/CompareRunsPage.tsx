import { Select, Table } from '@mantine/core';
import { IconArrowsDiff } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Run, RunComparison, RunMetrics } from '@/api';
import { formatNumber, formatPercent, useProject } from '@/lib';
import { EmptyState, PageHeader, Panel, ProblemNotice, StateBadge } from '@/ui';
import { LineChart, type ChartSeries } from '@/ui/charts';
import { comparisonQuery, metricsQuery, runQuery, runsQuery } from '../api';
import { curvesOf, curveKey, earliestTime, xValues, type Curves, type XAxis } from '../live/curves';
import { CurveControls, X_FORMATS, chartNames, useCurveView } from '../run/CurvesPanel';
import { isShare, metricName, metricText, runTitle } from '../words';
import classes from './CompareRunsPage.module.css';
import { settingText } from './settingText';

const route = getRouteApi('/frame/runs/compare');
const COLORS = ['var(--nl-series-1)', 'var(--nl-series-2)'] as const;

/** Two runs laid over each other, and what differs between them. */
export function CompareRunsPage() {
  const { a = '', b = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const isReady = a !== '' && b !== '';
  const comparison = useQuery({ ...comparisonQuery(a, b), enabled: isReady });
  const runs = useQueries({ queries: [a, b].map((id) => ({ ...runQuery(id), enabled: id !== '' })) });
  const metrics = useQueries({ queries: [a, b].map((id) => ({ ...metricsQuery(id), enabled: id !== '' })) });
  const error = comparison.error ?? runs.find((query) => query.error)?.error ?? null;
  return (
    <>
      <PageHeader above={<Link to="/runs">Runs</Link>} title="Compare two runs" />
      <div className={classes.page}>
        <div className={classes.pickers}>
          <RunPicker color={COLORS[0]} value={a} run={runs[0]?.data} onChange={(id) => void navigate({ search: { a: id, b } })} label="First run" />
          <RunPicker color={COLORS[1]} value={b} run={runs[1]?.data} onChange={(id) => void navigate({ search: { a, b: id } })} label="Second run" />
        </div>
        {error && <ProblemNotice error={error} />}
        {!isReady && (
          <EmptyState icon={<IconArrowsDiff size={26} stroke={1.5} />} title="Choose two runs">
            Their curves are laid over each other, and what differs in settings, network and data is listed below.
          </EmptyState>
        )}
        {isReady && (
          <>
            <OverlayPanel runs={runs.map(({ data }) => data)} metrics={metrics.map(({ data }) => data)} />
            {comparison.data && <Differences comparison={comparison.data} />}
          </>
        )}
      </div>
    </>
  );
}

interface RunPickerProps {
  label: string;
  color: string;
  value: string;
  run: Run | undefined;
  onChange: (runId: string) => void;
}

function RunPicker({ label, color, value, run, onChange }: RunPickerProps) {
  const project = useProject();
  const { data: runs = [] } = useQuery({ ...runsQuery(project?.id ?? ''), enabled: project !== null });
  return (
    <div className={classes.picker} style={{ '--run-color': color }}>
      <Select
        aria-label={label}
        placeholder="Choose a run"
        searchable
        data={runs.map((each) => ({ value: each.id, label: `#${String(each.number)} ${runTitle(each)}` }))}
        value={value === '' ? null : value}
        onChange={(id) => id !== null && onChange(id)}
      />
      {run && <StateBadge state={run.state} />}
    </div>
  );
}

interface OverlayPanelProps {
  runs: readonly (Run | undefined)[];
  metrics: readonly (RunMetrics | undefined)[];
}

function OverlayPanel({ runs, metrics }: OverlayPanelProps) {
  const [view, setView] = useCurveView();
  const [firstMetrics, secondMetrics] = metrics;
  const curves = useMemo(
    () => [curvesOf(firstMetrics?.series ?? []), curvesOf(secondMetrics?.series ?? [])],
    [firstMetrics, secondMetrics],
  );
  const names = chartNames(...curves);
  const labels = runs.map((run) => (run ? `#${String(run.number)} ${runTitle(run)}` : ''));
  return (
    <Panel title="Curves" actions={<CurveControls view={view} onChange={setView} />}>
      <div className={classes.charts}>
        {names.map((name) => (
          <LineChart
            key={name}
            title={metricName(name)}
            series={overlay(name, curves, labels, view.axis)}
            xLabel={view.axis}
            formatX={X_FORMATS[view.axis]}
            formatY={isShare(name) ? percentText : formatNumber}
            isLog={view.isLog && !isShare(name)}
            smoothing={view.smoothing}
            syncKey="compare"
          />
        ))}
      </div>
      <p className={classes.muted}>Solid lines are validation, dashed lines training.</p>
    </Panel>
  );
}

const percentText = (share: number) => formatPercent(share);

function overlay(name: string, curves: readonly Curves[], labels: readonly string[], axis: XAxis): ChartSeries[] {
  return curves.flatMap((each, index) =>
    (['validation', 'train'] as const).flatMap((split): ChartSeries[] => {
      const curve = each.get(curveKey(split, name));
      if (!curve) return [];
      return [
        {
          label: `${labels[index] ?? ''} ${split}`,
          color: COLORS[index] ?? COLORS[0],
          x: xValues(curve, axis, earliestTime(each)),
          y: curve.values,
          isDashed: split === 'train',
          isNoisy: split === 'train' && name !== 'learning_rate',
        },
      ];
    }),
  );
}

function Differences({ comparison }: { comparison: RunComparison }) {
  const { results, config, graph, data } = comparison;
  return (
    <div className={classes.columns}>
      <Panel title="Results" isFlush>
        <PairTable
          rows={results.map(({ metric, a, b }) => ({
            name: metricName(metric),
            a: a === null ? 'none' : metricText(metric, a),
            b: b === null ? 'none' : metricText(metric, b),
          }))}
        />
      </Panel>
      <Panel title="Settings that differ" isFlush={config.length > 0}>
        {config.length === 0 ? (
          <p className={classes.muted}>None.</p>
        ) : (
          <PairTable rows={config.map(({ path, a, b }) => ({ name: path, a: settingText(a), b: settingText(b) }))} />
        )}
      </Panel>
      <Panel title="Network">
        {graph.length === 0 && <p className={classes.muted}>The same network.</p>}
        <ul className={classes.changes}>
          {graph.map(({ kind, node, name, type, detail }) => (
            <li key={`${kind} ${node} ${detail}`} data-kind={kind}>
              <b>{kind}</b> <span className="mono">{name}</span> {type} {detail}
            </li>
          ))}
        </ul>
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

function PairTable({ rows }: { rows: readonly { name: string; a: string; b: string }[] }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>
            <span className="visually-hidden">Name</span>
          </Table.Th>
          <Table.Th>
            <span className={classes.dot} style={{ '--run-color': COLORS[0] }} /> First
          </Table.Th>
          <Table.Th>
            <span className={classes.dot} style={{ '--run-color': COLORS[1] }} /> Second
          </Table.Th>
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
