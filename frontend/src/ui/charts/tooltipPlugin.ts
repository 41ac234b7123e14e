import type uPlot from 'uplot';
import type { Line } from './LineChart';
import classes from './LineChart.module.css';

interface TooltipOptions {
  lines: readonly Line[];
  xLabel: string;
  formatX: (x: number) => string;
  formatY: (y: number) => string;
}

/** The values under the cursor; of a curve without a point there, its nearest one before. */
export function tooltipPlugin({ lines, xLabel, formatX, formatY }: TooltipOptions): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = classes['tooltip'] ?? '';
  box.hidden = true;

  function update(chart: uPlot): void {
    const { idx, left = -1 } = chart.cursor;
    const x = idx == null ? undefined : chart.data[0][idx];
    if (idx == null || x === undefined || left < 0) {
      box.hidden = true;
      return;
    }
    box.replaceChildren(row(`${xLabel} ${formatX(x)}`, '', ''));
    lines.forEach((line, index) => {
      const value = nearestBefore(chart.data[index + 1], idx);
      if (!line.isFaint && value !== null) box.append(row(line.label, formatY(value), line.color));
    });
    box.hidden = false;
    const isRight = left > chart.over.clientWidth / 2;
    box.style.left = isRight ? 'auto' : `${String(left + 14)}px`;
    box.style.right = isRight ? `${String(chart.over.clientWidth - left + 14)}px` : 'auto';
  }

  return {
    hooks: {
      init: (chart: uPlot) => chart.over.append(box),
      setCursor: update,
      setData: update,
    },
  };
}

function nearestBefore(column: ArrayLike<number | null | undefined> | undefined, index: number): number | null {
  for (let at = index; column && at >= 0; at -= 1) {
    const value = column[at];
    if (value != null) return value;
  }
  return null;
}

function row(label: string, value: string, color: string): HTMLElement {
  const line = document.createElement('div');
  if (color !== '') {
    const swatch = document.createElement('i');
    swatch.style.setProperty('--series-color', color);
    line.append(swatch);
  }
  line.append(label);
  const number = document.createElement('b');
  number.textContent = value;
  line.append(number);
  return line;
}
