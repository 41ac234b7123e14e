import { EdgeLabelRenderer, useStore, type EdgeProps } from '@xyflow/react';
import { ProblemLine } from '../analysis/ProblemLine';
import { memo } from 'react';
import { lookup } from '../document/records';
import { useAnalysis, usePanels } from '../state/DesignerContext';
import { outputText, useDisplay } from '../state/display';
import { useEdgeSeverity } from '../state/useProblems';
import { DESIGNER_IDS } from '../testids';
import type { TensorEdge } from './flowElements';
import { curveBetween, curveMiddle, curvePath, HANDLE_SIZE, joins, SHAPES_ZOOM } from './geometry';
import classes from './TensorEdgeLine.module.css';
import { monoMayExceed } from './textRoom';

/** As the stylesheet has it: what is around the text, and its size. */
const LABEL_FRAME = 14;
const LABEL_FONT = 11;

/** A connection. Pointing at it tells the shape that flows; from near, those with room tell it unasked. */
export const TensorEdgeLine = memo(function TensorEdgeLine(props: EdgeProps<TensorEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, selected, data, sourceHandleId } = props;
  const severity = useEdgeSeverity(data?.edgeId ?? id);
  const isNear = useStore((state) => state.transform[2] >= SHAPES_ZOOM);
  const isHovered = usePanels((state) => state.hoveredEdge === id);
  const from = { x: sourceX - HANDLE_SIZE / 2, y: sourceY };
  const to = { x: targetX + HANDLE_SIZE / 2, y: targetY };
  // While a layer is dragged, its connections are where React Flow has the layer.
  const curve = data !== undefined && joins(data.curve, from, to) ? data.curve : curveBetween(from, to);
  const path = curvePath(curve);
  const middle = curveMiddle(curve);
  const isAsked = isHovered || selected === true;
  return (
    <>
      <path
        d={path}
        className={classes.line}
        data-selected={selected || undefined}
        data-target={data?.isDropTarget || undefined}
        data-severity={severity}
      />
      <path d={path} className={`react-flow__edge-interaction ${classes.reach ?? ''}`} />
      {(isNear || isAsked) && data !== undefined && (
        <EdgeLabelRenderer>
          {selected === true && severity === 'error' && (
            <EdgeProblem edgeId={data.edgeId} x={middle.x} y={middle.y} />
          )}
          <ShapeLabel
            path={data.path}
            port={sourceHandleId ?? ''}
            {...middle}
            room={isAsked ? Infinity : Math.abs(to.x - from.x)}
          />
        </EdgeLabelRenderer>
      )}
    </>
  );
});

interface ShapeLabelProps {
  readonly path: string;
  readonly port: string;
  readonly x: number;
  readonly y: number;
  /** How wide it may be. Between neighbours it would lie on cards, which say their shapes themselves. */
  readonly room: number;
}

function ShapeLabel({ path, port, x, y, room }: ShapeLabelProps) {
  const isChannelsLast = useDisplay((state) => state.isChannelsLast);
  const text = useAnalysis((state) => outputText(lookup(state.nodes, path), isChannelsLast, port));
  if (text === '' || monoMayExceed(text, (room - LABEL_FRAME) / LABEL_FONT)) return null;
  return (
    <div
      className={classes.label}
      data-testid={DESIGNER_IDS.edgeShape}
      style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
    >
      {text}
    </div>
  );
}

/** What is wrong with what flows here, and its repairs. */
function EdgeProblem({ edgeId, x, y }: { edgeId: string; x: number; y: number }) {
  const [problem] = useAnalysis((state) => state.problems.edges.get(edgeId)) ?? [];
  if (problem === undefined) return null;
  return (
    <div
      className={`${classes.problem ?? ''} nodrag nopan`}
      role="group"
      aria-label="Problem of this connection"
      data-testid={DESIGNER_IDS.edgeProblem}
      style={{ transform: `translate(-50%, 14px) translate(${x}px, ${y}px)` }}
    >
      <ProblemLine problem={problem} />
    </div>
  );
}
