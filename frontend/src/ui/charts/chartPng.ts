import type uPlot from 'uplot';
import { cssColor } from './chartOptions';

const MARGIN_PX = 12;
const TITLE_PX = 28;

/** The chart as it is on screen, with its title, legend and background, for a report. */
export async function chartPng(chart: uPlot, title: string): Promise<Blob> {
  const source = chart.ctx.canvas;
  const ratio = source.width / chart.width;
  const canvas = document.createElement('canvas');
  canvas.width = source.width + 2 * MARGIN_PX * ratio;
  canvas.height = source.height + (TITLE_PX + 2 * MARGIN_PX) * ratio;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws no canvas.');
  context.fillStyle = cssColor('var(--nl-surface)');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(ratio, ratio);
  drawTitle(context, chart, title);
  context.drawImage(source, MARGIN_PX, MARGIN_PX + TITLE_PX, chart.width, chart.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The chart could not be saved.'))), 'image/png');
  });
}

function drawTitle(context: CanvasRenderingContext2D, chart: uPlot, title: string): void {
  context.font = '600 13px "Inter Variable", sans-serif';
  context.fillStyle = cssColor('var(--nl-text)');
  context.fillText(title, MARGIN_PX, MARGIN_PX + 14);
  context.font = '12px "Inter Variable", sans-serif';
  let x = MARGIN_PX + context.measureText(title).width + 32;
  const named = new Set<string>();
  for (const series of chart.series.slice(1)) {
    const label = typeof series.label === 'string' ? series.label : '';
    if (label === '' || named.has(label)) continue;
    named.add(label);
    const stroke = typeof series.stroke === 'function' ? series.stroke(chart, 1) : series.stroke;
    context.fillStyle = typeof stroke === 'string' ? stroke : cssColor('var(--nl-text)');
    context.fillRect(x, MARGIN_PX + 8, 12, 3);
    context.fillStyle = cssColor('var(--nl-text-2)');
    context.fillText(label, x + 18, MARGIN_PX + 14);
    x += context.measureText(label).width + 40;
  }
}
