import type uPlot from 'uplot';

/** Something that happened at a place of the horizontal axis. */
export interface ChartMark {
  x: number;
  /** A few words beside the line, cut where there is no room. */
  label: string;
  /** The whole of it, for those who do not see the chart. */
  description: string;
}

interface MarkStyle {
  line: string;
  text: string;
  font: string;
}

const PADDING_PX = 4;
const LEAST_TEXT_PX = 24;

/** Draws a dashed line with its words at every mark; asked at every drawing, as they come in live. */
export function marksPlugin(marks: () => readonly ChartMark[], style: MarkStyle): uPlot.Plugin {
  return { hooks: { draw: (chart) => { draw(chart, marks(), style); } } };
}

function draw(chart: uPlot, marks: readonly ChartMark[], { line, text, font }: MarkStyle): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  const right = bbox.left + bbox.width;
  const places = marks
    .map(({ x, label }) => ({ x: Math.round(chart.valToPos(x, 'x', true)), label }))
    .filter(({ x }) => x >= bbox.left && x <= right)
    .sort((one, other) => one.x - other.x);
  ctx.save();
  ctx.strokeStyle = line;
  ctx.fillStyle = text;
  ctx.font = font.replace(/^(\d+)px/, (_, size: string) => `${String(Number(size) * scale)}px`);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  ctx.lineWidth = scale;
  ctx.setLineDash([3 * scale, 3 * scale]);
  places.forEach(({ x, label }, index) => {
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const room = (places[index + 1]?.x ?? right) - x - 2 * PADDING_PX * scale;
    if (room >= LEAST_TEXT_PX * scale) {
      ctx.fillText(shortened(label, room, (part) => ctx.measureText(part).width), x + PADDING_PX * scale, bbox.top + PADDING_PX * scale);
    }
  });
  ctx.restore();
}

/** As much of a text as there is room for, with an ellipsis where it was cut. */
export function shortened(text: string, room: number, widthOf: (part: string) => number): string {
  if (widthOf(text) <= room) return text;
  let kept = text.length - 1;
  while (kept > 0 && widthOf(`${text.slice(0, kept)}…`) > room) kept -= 1;
  return `${text.slice(0, kept).trimEnd()}…`;
}
