import { useStore, ViewportPortal } from '@xyflow/react';
import { DESIGNER_IDS } from '../testids';
import classes from './DesignerCanvas.module.css';
import type { GuideLine } from './guides';

const CAP_PX = 4;

/** What the dragged layers line up with just now. */
export function GuideLines({ lines }: { lines: readonly GuideLine[] }) {
  const zoom = useStore((state) => state.transform[2]);
  if (lines.length === 0) return null;
  return (
    <ViewportPortal>
      <svg className={classes.guides} data-testid={DESIGNER_IDS.guides} aria-hidden>
        {lines.map(({ from, to, isGap }) => (
          <g key={`${from.x},${from.y},${to.x},${to.y}`} data-gap={isGap || undefined}>
            <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
            {isGap &&
              [from, to].map(({ x, y }) => {
                const across = CAP_PX / zoom;
                const isFlat = from.y === to.y;
                return isFlat ? (
                  <line key={x} x1={x} y1={y - across} x2={x} y2={y + across} />
                ) : (
                  <line key={y} x1={x - across} y1={y} x2={x + across} y2={y} />
                );
              })}
          </g>
        ))}
      </svg>
    </ViewportPortal>
  );
}
