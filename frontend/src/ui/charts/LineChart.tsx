import { ActionIcon, Menu, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { plural } from '@/lib/format';
import { downloadBlob, downloadCsv } from '../download';
import { chartOptions } from './chartOptions';
import { chartPng } from './chartPng';
import classes from './LineChart.module.css';
import type { ChartMark } from './marksPlugin';
import { alignCurves, smooth } from './smooth';

export interface ChartSeries {
  label: string;
  /** A CSS colour or variable. */
  color: string;
  x: readonly number[];
  y: readonly number[];
  isDashed?: boolean;
  /** Many noisy points: shown faint below their smoothed course. */
  isNoisy?: boolean;
  /** What the legend shows instead of the last value, and what it is. */
  summary?: { value: number; title: string };
}

interface LineChartProps {
  title: string;
  series: readonly ChartSeries[];
  xLabel: string;
  formatX: (x: number) => string;
  formatY: (y: number) => string;
  isLog?: boolean;
  /** No value lies above this, and so does the axis not. */
  most?: number | undefined;
  /** Share of the past in the moving average, 0 to below 1. */
  smoothing?: number;
  height?: number;
  /** Charts with the same key show their cursors together. */
  syncKey?: string;
  testId?: string;
  /** What happened on the way, as dashed lines with a word. */
  marks?: readonly ChartMark[];
}

const NO_MARKS: readonly ChartMark[] = [];

/** A live line chart: drag to zoom, double click to see everything again. */
export function LineChart(props: LineChartProps) {
  const { title, series, xLabel, formatX, formatY, isLog = false, most, smoothing = 0, height = 220, syncKey, testId, marks = NO_MARKS } = props;
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme('light');
  const lines = useMemo(() => linesOf(series, smoothing), [series, smoothing]);
  const data = useMemo(() => chartData(lines, isLog), [lines, isLog]);
  const latest = useRef(data);
  const latestMarks = useRef(marks);
  // A chart is made anew when what it draws changes its kind, not when it grows.
  const shape = lines.map(({ label, color, isFaint, isDashed }) => `${label}|${color}|${String(isFaint)}|${String(isDashed)}`).join();

  useEffect(() => {
    latest.current = data;
    const current = chart.current;
    if (current) setDataKeepingZoom(current, data);
  }, [data]);

  useEffect(() => {
    latestMarks.current = marks;
    chart.current?.redraw();
  }, [marks]);

  useEffect(() => {
    if (!host.current || width === 0) return;
    const shown = () => latestMarks.current;
    const options = chartOptions({ width, height, lines, xLabel, formatX, formatY, isLog, most, syncKey, marks: shown });
    const made = new uPlot(options, latest.current, host.current);
    chart.current = made;
    return () => {
      made.destroy();
      chart.current = null;
    };
    // `lines` is summed up by `shape`; the formatters are stable functions of their modules.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [width, height, shape, xLabel, formatX, formatY, isLog, most, syncKey, scheme]);

  const exportPng = () => {
    const current = chart.current;
    if (current) void chartPng(current, title).then((blob) => downloadBlob(`${title}.png`, blob));
  };
  const exportCsv = () => {
    const { x, ys } = alignCurves(series);
    downloadCsv(`${title}.csv`, [
      [xLabel, ...series.map(({ label }) => label)],
      ...x.map((value, row) => [value, ...ys.map((column) => column[row])]),
    ]);
  };
  return (
    <figure className={classes.figure} data-testid={testId} data-points={series.reduce((sum, { x }) => sum + x.length, 0)}>
      <figcaption className={classes.caption}>
        <span className={classes.title}>{title}</span>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Export ${title}`}>
              <IconDownload size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={exportPng}>PNG</Menu.Item>
            <Menu.Item onClick={exportCsv}>CSV</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </figcaption>
      <div ref={sizeRef} className={classes.plot} style={{ height }}>
        <div ref={host} role="img" aria-label={describe(title, series, formatY, marks)} />
        {data[0].length === 0 && <div className={classes.waiting}>Waiting for the first point</div>}
      </div>
      <ul className={classes.legend}>
        {series.map(({ label, color, y, isDashed, summary }) => (
          <li key={label}>
            <i style={{ '--series-color': color }} data-dashed={isDashed || undefined} aria-hidden />
            {label}
            <b className="mono" title={summary?.title ?? 'the last value'}>
              {y.length === 0 ? '' : formatY(summary?.value ?? y.at(-1) ?? NaN)}
            </b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

export interface Line extends ChartSeries {
  isFaint: boolean;
}

function linesOf(series: readonly ChartSeries[], smoothing: number): Line[] {
  return series.flatMap((each) => {
    const isSmoothed = smoothing > 0 && (each.isNoisy ?? false);
    const raw: Line = { ...each, isFaint: isSmoothed };
    return isSmoothed ? [raw, { ...each, y: smooth(each.y, smoothing), isFaint: false }] : [raw];
  });
}

type ChartData = [number[], ...(number | null | undefined)[][]];

function chartData(lines: readonly Line[], isLog: boolean): ChartData {
  const { x, ys } = alignCurves(lines);
  // A logarithm has no place for zero and below: a gap there, not a crash.
  const columns = isLog ? ys.map((column) => column.map((y) => (y !== undefined && y > 0 ? y : undefined))) : ys;
  return [x, ...columns];
}

/** New points move the edge of the chart, unless someone has zoomed in to look at something. */
function setDataKeepingZoom(chart: uPlot, data: ChartData): void {
  const known = chart.data[0];
  const { min, max } = chart.scales['x'] ?? {};
  const first = known[0];
  const last = known[known.length - 1];
  const isZoomed = min != null && max != null && first !== undefined && last !== undefined && (min > first || max < last);
  chart.setData(data, !isZoomed);
  if (isZoomed) chart.redraw();
}

function describe(
  title: string,
  series: readonly ChartSeries[],
  formatY: (y: number) => string,
  marks: readonly ChartMark[],
): string {
  const parts = series
    .filter(({ y }) => y.length > 0)
    .map(({ label, y, summary }) => `${label} ${formatY(summary?.value ?? y.at(-1) ?? NaN)} after ${plural(y.length, 'point')}`);
  const told = marks.map(({ description }) => `. ${description}`).join('');
  return parts.length === 0 ? `${title}: no points yet` : `${title}: ${parts.join(', ')}${told}`;
}
