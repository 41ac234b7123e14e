import type uPlot from 'uplot';
import type { Line } from './LineChart';
import { marksPlugin, type ChartMark } from './marksPlugin';
import { tooltipPlugin } from './tooltipPlugin';

interface ChartShape {
  width: number;
  height: number;
  lines: readonly Line[];
  xLabel: string;
  formatX: (x: number) => string;
  formatY: (y: number) => string;
  isLog: boolean;
  most: number | undefined;
  syncKey: string | undefined;
  marks: () => readonly ChartMark[];
}

/** Canvas knows no CSS variables: this resolves them as they are now. */
export function cssColor(color: string): string {
  const name = /^var\((--[\w-]+)\)$/.exec(color)?.[1];
  if (name === undefined) return color;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const FONT = '11px "JetBrains Mono Variable", monospace';
const POINT_LIMIT = 40;

export function chartOptions(shape: ChartShape): uPlot.Options {
  const { width, height, lines, xLabel, formatX, formatY, isLog, most, syncKey, marks } = shape;
  const text = cssColor('var(--nl-text-3)');
  const grid = { stroke: cssColor('var(--nl-grid)'), width: 1 };
  const axis = { stroke: text, font: FONT, grid, ticks: { show: false }, gap: 4 };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: {
      drag: { x: true, y: false, setScale: true },
      points: { size: 6 },
      ...(syncKey === undefined ? {} : { sync: { key: syncKey } }),
    },
    scales: {
      x: { time: false },
      // uPlot declares its kinds of scale as a const enum, which isolated modules cannot read.
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
      y: { distr: isLog ? 3 : 1, ...(isLog || most === undefined ? {} : { range: below(most) }) },
    },
    axes: [
      { ...axis, size: 24, space: 60, values: (_chart, splits) => splits.map((split) => trimZeros(formatX(split))) },
      { ...axis, size: 52, space: 34, values: (_chart, splits) => axisTexts(splits, formatY) },
    ],
    series: [
      { label: xLabel },
      ...lines.map(({ label, color, isDashed, isFaint }): uPlot.Series => ({
        label,
        stroke: faded(cssColor(color), isFaint),
        width: isFaint ? 1 : 1.75,
        spanGaps: true,
        ...(isDashed ? { dash: [6, 4] } : {}),
        points: { show: isFaint ? false : isSparse, size: 4, fill: cssColor(color) },
      })),
    ],
    plugins: [
      tooltipPlugin({ lines, xLabel, formatX, formatY }),
      marksPlugin(marks, { line: cssColor('var(--nl-line-strong)'), text, font: FONT }),
    ],
  };
}

/** As uPlot chooses the range itself, but that the axis ends where values do. */
export function below(most: number): uPlot.Range.Config {
  return { min: { pad: 0.1, soft: 0, mode: 3 }, max: { pad: 0.1, hard: most } };
}

/** Dots help while they are few; asked at every drawing, as live curves grow and people zoom. */
export function isSparse(chart: Pick<uPlot, 'data'>, series: number, from: number, to: number): boolean {
  const shown = chart.data[series]?.slice(from, to + 1) ?? [];
  return shown.filter((y) => y != null).length <= POINT_LIMIT;
}

const MOST_DIGITS = 12;

/**
 * The marks of an axis, with more digits where the usual ones would say the same twice. On a
 * logarithmic axis uPlot marks the splits it has no room for with null.
 */
export function axisTexts(splits: readonly (number | null)[], format: (y: number) => string): string[] {
  const usual = splits.map((split) => (split === null ? '' : trimZeros(format(split))));
  const isUnit = usual.some((text) => text.includes('%'));
  const shown = usual.filter((text) => text !== '');
  if (new Set(shown).size === shown.length) return usual;
  for (let digits = 2; digits <= MOST_DIGITS; digits += 1) {
    const texts = splits.map((split) => (split === null ? '' : precise(split, digits, isUnit)));
    const told = texts.filter((text) => text !== '');
    if (new Set(told).size === told.length) return texts;
  }
  return usual;
}

function precise(value: number, digits: number, isShare: boolean): string {
  return isShare ? `${String(Number((value * 100).toPrecision(digits)))} %` : String(Number(value.toPrecision(digits)));
}

/** `2.500` becomes `2.5`, `80.0 %` becomes `80 %`: an axis repeats no digits that say nothing. */
export function trimZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');
}

function faded(color: string, isFaint: boolean): string {
  return isFaint ? `color-mix(in srgb, ${color} 28%, transparent)` : color;
}
