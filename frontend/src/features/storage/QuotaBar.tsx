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
  return (
    <div
      className={classes.bar}
      data-thin={isThin || undefined}
      role="img"
      aria-label={`${formatBytes(used)} of ${formatBytes(quota)} used, ${shareText(used / quota)}`}
    >
      {used > 0 && (
        <div style={{ width: `${String(Math.min(used / quota, 1) * 100)}%` }}>
          {shown.map(({ key, bytes, color }) => (
            <i key={key} style={{ flex: `${String(bytes)} 0 0`, background: color }} />
          ))}
        </div>
      )}
    </div>
  );
}

/** Per cent without a zero where there is something. */
export function shareText(share: number): string {
  return share > 0 && share < 0.001 ? 'less than 0.1 %' : formatPercent(share);
}

function barColor(share: number): string {
  if (share >= 1) return 'var(--nl-failed)';
  return share >= NEARLY_FULL ? 'var(--nl-warning)' : 'var(--nl-accent)';
}
