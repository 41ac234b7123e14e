import { SegmentedControl, Slider, Switch } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useMemo } from 'react';
import { TESTIDS, formatDuration, formatNumber, formatPercent, plural } from '@/lib';
import { Panel } from '@/ui';
import { LineChart, type ChartMark, type ChartSeries } from '@/ui/charts';
import { X_AXES, curveKey, earliestTime, lastEpochMean, xValues, type Curve, type Curves, type XAxis } from '../live/curves';
import { isShare, metricName, unfrozenText, type Unfrozen } from '../words';
import classes from './RunPage.module.css';

/** How curves are looked at; remembered in this browser for every run. */
interface CurveView {
  axis: XAxis;
  isLog: boolean;
  smoothing: number;
}

export function useCurveView() {
  return useLocalStorage<CurveView>({
    key: 'netloom.curves',
    defaultValue: { axis: 'epoch', isLog: false, smoothing: 0.6 },
  });
}

export const X_FORMATS: Record<XAxis, (x: number) => string> = {
  epoch: (x) => (Number.isInteger(x) ? String(x) : x.toFixed(x < 10 ? 2 : 1)),
  step: (x) => Math.round(x).toLocaleString('en-US'),
  time: formatDuration,
};
const SHOWN = ['loss', 'accuracy', 'balanced_accuracy'];
const SPLITS = [
  { split: 'train', label: 'train', color: 'var(--nl-series-1)' },
  { split: 'validation', label: 'validation', color: 'var(--nl-series-2)' },
] as const;

const percentText = (share: number) => formatPercent(share);

interface CurvesPanelProps {
  curves: Curves;
  unfrozen: readonly Unfrozen[];
}

/** Loss and metrics over epochs, steps or time. */
export function CurvesPanel({ curves, unfrozen }: CurvesPanelProps) {
  const [view, setView] = useCurveView();
  const startTime = earliestTime(curves);
  const names = useMemo(() => chartNames(curves), [curves]);
  const marks = useMemo(() => marksOf(unfrozen, view.axis, startTime), [unfrozen, view.axis, startTime]);
  return (
    <Panel
      title="Curves"
      testId={TESTIDS.training.curves}
      actions={<CurveControls view={view} onChange={setView} />}
    >
      <div className={classes.charts}>
        {names.map((name) => (
          <MetricChart key={name} name={name} curves={curves} view={view} startTime={startTime} marks={marks} />
        ))}
      </div>
      {unfrozen.length > 0 && (
        <ul className={classes.marks} data-testid={TESTIDS.training.unfrozen}>
          {unfrozen.map((each) => (
            <li key={each.epoch}>
              {unfrozenText(each)} <span className="mono">{plural(each.num_parameters, 'parameter')}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Where on the horizontal axis groups of layers began to learn. */
function marksOf(unfrozen: readonly Unfrozen[], axis: XAxis, startTime: number): ChartMark[] {
  return unfrozen.map((each) => {
    const x = axis === 'time' ? each.time_s - startTime : axis === 'step' ? each.step : each.epoch;
    return { x, label: each.group, description: unfrozenText(each) };
  });
}

/** Loss and accuracy always, what else is measured after them, the learning rate last. */
export function chartNames(...runs: readonly Curves[]): string[] {
  const measured = new Set(runs.flatMap((curves) => [...curves.values()].map(({ name }) => name)));
  const known = SHOWN.filter((name) => name !== 'balanced_accuracy' || measured.has(name));
  const others = [...measured].filter((name) => !SHOWN.includes(name)).sort();
  return [...known, ...others];
}

interface MetricChartProps {
  name: string;
  curves: Curves;
  view: CurveView;
  startTime: number;
  marks: readonly ChartMark[];
}

function MetricChart({ name, curves, view, startTime, marks }: MetricChartProps) {
  const series = useMemo(() => {
    const measured = SPLITS.filter(({ split }) => curves.has(curveKey(split, name)));
    return (measured.length > 0 ? measured : SPLITS).map(({ split, label, color }): ChartSeries => {
        const curve = curves.get(curveKey(split, name));
        return {
          label,
          color,
          x: curve ? xValues(curve, view.axis, startTime) : [],
          y: curve?.values ?? [],
          ...noise(split, name, curve),
        };
      });
  }, [curves, name, view.axis, startTime]);
  return (
    <LineChart
      title={metricName(name)}
      series={series}
      xLabel={view.axis}
      formatX={X_FORMATS[view.axis]}
      formatY={isShare(name) ? percentText : formatNumber}
      isLog={view.isLog && !isShare(name)}
      most={isShare(name) ? 1 : undefined}
      smoothing={view.smoothing}
      syncKey="run"
      marks={marks}
      testId={`${TESTIDS.training.curves}-${name}`}
    />
  );
}

/** Points of single batches are noisy: drawn so, and summed up by their epoch's mean. */
export function noise(split: string, name: string, curve: Curve | undefined): Pick<ChartSeries, 'isNoisy' | 'summary'> {
  if (split !== 'train' || name === 'learning_rate') return { isNoisy: false };
  const mean = curve && lastEpochMean(curve);
  return { isNoisy: true, ...(mean === undefined ? {} : { summary: { value: mean, title: 'mean over the steps of the last epoch' } }) };
}

interface CurveControlsProps {
  view: CurveView;
  onChange: (view: CurveView) => void;
}

export function CurveControls({ view, onChange }: CurveControlsProps) {
  return (
    <div className={classes.controls}>
      <label className={classes.smoothing}>
        <span>Smoothing</span>
        <Slider
          w={84}
          min={0}
          max={0.98}
          step={0.02}
          value={view.smoothing}
          onChange={(smoothing) => onChange({ ...view, smoothing })}
          label={null}
          thumbLabel="Smoothing"
          thumbSize={13}
        />
      </label>
      <Switch
        label="Log"
        size="xs"
        checked={view.isLog}
        onChange={(event) => onChange({ ...view, isLog: event.currentTarget.checked })}
      />
      <SegmentedControl
        size="xs"
        aria-label="Horizontal axis"
        value={view.axis}
        onChange={(axis) => onChange({ ...view, axis })}
        data={X_AXES.map((axis) => ({ value: axis, label: axis.charAt(0).toUpperCase() + axis.slice(1) }))}
      />
    </div>
  );
}
