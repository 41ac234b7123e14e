import { SegmentedControl } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { ZooRow } from '@/api';
import { Panel } from '@/ui';
import { scaled } from '../analysis/costs';
import { DESIGNER_IDS } from '../testids';
import { chartPoints, evenScale, isCovered, LABEL_OFFSET, labelled, logScale, type Cost, type Point } from './chartPoints';
import { accuracyText, commonMeasure, computeText, measureText, parametersText } from './words';
import classes from './ZooChart.module.css';

const HEIGHT = 250;
const MARGIN = { left: 52, right: 14, top: 12, bottom: 34 };

interface ZooChartProps {
  rows: readonly ZooRow[];
  /** More of them are still being looked for. */
  isLooking: boolean;
  chosen: string;
  onChoose: (key: string) => void;
}

/** What networks reach against what they cost; arrow keys go from point to point. */
export function ZooChart({ rows, isLooking, chosen, onChoose }: ZooChartProps) {
  const [cost, setCost] = useState<Cost>('parameters');
  const points = useMemo(() => chartPoints(rows, cost), [rows, cost]);
  const { ref, width } = useElementSize();
  return (
    <Panel
      title={`${measureText(commonMeasure(rows))} against cost`}
      actions={
        <SegmentedControl
          aria-label="Cost"
          value={cost}
          data={[
            { value: 'parameters', label: 'Parameters' },
            { value: 'flops', label: 'FLOPs' },
          ]}
          onChange={setCost}
        />
      }
    >
      <div ref={ref} className={classes.chart}>
        {points.length === 0 ? (
          <p className={classes.empty}>{isLooking ? '' : 'Nobody states what these networks reach.'}</p>
        ) : (
          width > 0 && (
            <Points points={points} cost={cost} width={width} chosen={chosen} onChoose={onChoose} />
          )
        )}
      </div>
    </Panel>
  );
}

interface PointsProps {
  points: readonly Point[];
  cost: Cost;
  width: number;
  chosen: string;
  onChoose: (key: string) => void;
}

function Points({ points, cost, width, chosen, onChoose }: PointsProps) {
  const [active, setActive] = useState<string | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const x = logScale(points.map((point) => point.cost), MARGIN.left, width - MARGIN.right);
  const y = evenScale(points.map(({ accuracy }) => accuracy), HEIGHT - MARGIN.bottom, MARGIN.top);
  const at = (point: Point) => ({ x: x.place(point.cost), y: y.place(point.accuracy) });
  const named = labelled(points, at, MARGIN.left);
  // One stop for the tab key; arrows do the rest.
  const stop = points.some(({ key }) => key === chosen) ? chosen : (points[0]?.key ?? '');
  const onKeyDown = (event: KeyboardEvent, index: number): void => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    const step = steps[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onChoose(points[index]?.key ?? '');
    } else if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(points.length - 1, index + step));
      svg.current?.querySelectorAll<SVGGElement>('[data-point]')[next]?.focus();
    }
  };
  const shown = points.find(({ key }) => key === (active ?? chosen));
  const isFree = (point: Point): boolean =>
    shown === undefined ||
    !isCovered(point.row.name, at(point), at(shown), at(shown).x > width / 2);
  return (
    <svg ref={svg} width={width} height={HEIGHT} role="group" aria-label="Accuracy against cost">
      <Axes x={x} y={y} width={width} cost={cost} />
      {points.map((point, index) => {
        const place = at(point);
        return (
          <g
            key={point.key}
            data-point
            data-testid={DESIGNER_IDS.zooPoint(point.row.name)}
            data-best={point.isBest || undefined}
            data-chosen={point.key === chosen || undefined}
            data-here={point.row.is_here || undefined}
            className={classes.point}
            role="button"
            tabIndex={point.key === stop ? 0 : -1}
            aria-pressed={point.key === chosen}
            aria-label={wordsOf(point)}
            onClick={() => onChoose(point.key)}
            onKeyDown={(event) => onKeyDown(event, index)}
            onFocus={() => setActive(point.key)}
            onBlur={() => setActive(null)}
            onMouseEnter={() => setActive(point.key)}
            onMouseLeave={() => setActive(null)}
          >
            <circle cx={place.x} cy={place.y} r={10} className={classes.target} />
            <circle cx={place.x} cy={place.y} r={4.5} className={classes.dot} />
            {named.has(point.key) && point !== shown && isFree(point) && (
              <text
                x={place.x + LABEL_OFFSET.x}
                y={place.y + LABEL_OFFSET.y}
                textAnchor="end"
                className={classes.label}
              >
                {point.row.name}
              </text>
            )}
          </g>
        );
      })}
      {shown !== undefined && <Callout point={shown} place={at(shown)} width={width} />}
    </svg>
  );
}

const wordsOf = ({ row }: Point): string =>
  `${row.name}: ${accuracyText(row.accuracy)}, ${parametersText(row.parameters)} parameters, ${computeText(row.flops)}`;

function Callout({ point, place, width }: { point: Point; place: { x: number; y: number }; width: number }) {
  const isLeft = place.x > width / 2;
  return (
    <g className={classes.callout} transform={`translate(${String(place.x + (isLeft ? -10 : 10))} ${String(Math.max(20, place.y - 6))})`}>
      <text textAnchor={isLeft ? 'end' : 'start'} aria-hidden>
        <tspan className={classes.calloutName}>{point.row.name}</tspan>
        <tspan x={0} dy={15}>
          {accuracyText(point.row.accuracy)} · {parametersText(point.row.parameters)} · {computeText(point.row.flops)}
        </tspan>
      </text>
    </g>
  );
}

interface AxesProps {
  x: ReturnType<typeof logScale>;
  y: ReturnType<typeof evenScale>;
  width: number;
  cost: Cost;
}

function Axes({ x, y, width, cost }: AxesProps) {
  return (
    <g aria-hidden className={classes.axes}>
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y.place(tick)} y2={y.place(tick)} />
          <text x={MARGIN.left - 8} y={y.place(tick) + 4} textAnchor="end">
            {tick} %
          </text>
        </g>
      ))}
      {x.ticks.map((tick) => (
        <g key={tick}>
          <line x1={x.place(tick)} x2={x.place(tick)} y1={MARGIN.top} y2={HEIGHT - MARGIN.bottom} />
          <text x={x.place(tick)} y={HEIGHT - MARGIN.bottom + 15} textAnchor="middle">
            {scaled(tick).trim()}
          </text>
        </g>
      ))}
      <text x={width - MARGIN.right} y={HEIGHT - 3} textAnchor="end" className={classes.axisName}>
        {cost === 'parameters' ? 'parameters' : 'FLOPs for one sample'}
      </text>
    </g>
  );
}
