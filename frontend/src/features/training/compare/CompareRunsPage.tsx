import { Select } from '@mantine/core';
import { IconArrowsDiff } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Suspense, useMemo } from 'react';
import type { Run, RunMetrics } from '@/api';
import { ComparisonTable } from '@/features/inspection';
import { formatNumber, formatPercent, useProject } from '@/lib';
import { EmptyState, PageHeader, Panel, ProblemNotice, StateBadge } from '@/ui';
import { LineChart, type ChartSeries } from '@/ui/charts';
import { comparisonQuery, metricsQuery, runQuery, runsQuery } from '../api';
import { curvesOf, curveKey, earliestTime, xValues, type Curves, type XAxis } from '../live/curves';
import { CurveControls, X_FORMATS, chartNames, noise, useCurveView } from '../run/CurvesPanel';
import { isShare, metricName, runTitle } from '../words';
import classes from './CompareRunsPage.module.css';
import { COLORS, Differences } from './Differences';

const route = getRouteApi('/frame/runs/compare');

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
            <Classical runs={runs.map(({ data }) => data)} />
            {comparison.data && (
              <Differences
                comparison={comparison.data}
                labels={runs.map(({ data }) => labelOf(data))}
                trained={metrics.map(({ data }) => curvesOf(data?.series ?? []))}
              />
            )}
          </>
        )}
      </div>
    </>
  );
}

/** Classical models on the data of the first run, beside what runs reached on the same images. */
function Classical({ runs }: { runs: readonly (Run | undefined)[] }) {
  const version = runs.find((run) => run !== undefined)?.dataset_version.id;
  if (version === undefined) return null;
  return (
    <Suspense fallback={null}>
      <ComparisonTable versionId={version} split="validation" />
      <ComparisonTable versionId={version} split="test" />
    </Suspense>
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
  const labels = runs.map(labelOf);
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
            most={isShare(name) ? 1 : undefined}
            smoothing={view.smoothing}
            syncKey="compare"
          />
        ))}
      </div>
      <p className={classes.muted}>Solid lines are validation, dashed lines training.</p>
    </Panel>
  );
}

const labelOf = (run: Run | undefined): string => (run ? `#${String(run.number)} ${runTitle(run)}` : '');
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
          ...noise(split, name, curve),
        },
      ];
    }),
  );
}
