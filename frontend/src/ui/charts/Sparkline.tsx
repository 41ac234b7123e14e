interface SparklineProps {
  values: readonly number[];
  label: string;
  width?: number;
  height?: number;
  color?: string;
}

/** The course of a number in the space of a word. */
export function Sparkline({ values, label, width = 88, height = 22, color = 'var(--nl-series-1)' }: SparklineProps) {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length < 2) return <svg width={width} height={height} aria-hidden />;
  const low = Math.min(...known);
  const range = Math.max(...known) - low || 1;
  const stepX = (width - 4) / (known.length - 1);
  const points = known.map((value, index) => [2 + index * stepX, 2 + (1 - (value - low) / range) * (height - 4)] as const);
  const [lastX, lastY] = points.at(-1) ?? [0, 0];
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      <polyline
        points={points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
        fill="none"
        stroke={color}
        strokeWidth={1.5}
        strokeLinejoin="round"
      />
      <circle cx={lastX} cy={lastY} r={2} fill={color} />
    </svg>
  );
}
