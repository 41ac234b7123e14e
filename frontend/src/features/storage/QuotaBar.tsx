import { formatBytes, formatPercent } from '@/lib';
import classes from './StoragePage.module.css';

interface Segment {
  key: string;
  bytes: number;
  color: string;
}

interface QuotaBarProps {
  used: number;
  quota: number;
  /** What the used part is made of; without it the bar has one colour. */
  segments?: readonly Segment[];
  isThin?: boolean;
}

const NEARLY_FULL = 0.9;

/** How full a quota is, as a bar; its colours only repeat what stands beside it in words. */
export function QuotaBar({ used, quota, segments, isThin = false }: QuotaBarProps) {
  const shown = segments ?? [{ key: 'used', bytes: used, color: barColor(used / quota) }];
  // The same content in several parts counts once: the parts together fill what is used.
  const sum = shown.reduce((total, { bytes }) => total + bytes, 0);
  const scale = sum > 0 ? Math.min(used / quota, 1) / sum : 0;
  return (
    <div
      className={classes.bar}
      data-thin={isThin || undefined}
      role="img"
      aria-label={`${formatBytes(used)} of ${formatBytes(quota)} used, ${formatPercent(used / quota)}`}
    >
      {shown
        .filter(({ bytes }) => bytes > 0)
        .map(({ key, bytes, color }) => (
          <i key={key} style={{ width: `${String(bytes * scale * 100)}%`, background: color }} />
        ))}
    </div>
  );
}

function barColor(share: number): string {
  if (share >= 1) return 'var(--nl-failed)';
  return share >= NEARLY_FULL ? 'var(--nl-warning)' : 'var(--nl-accent)';
}
