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

/** A connection. Pointing at it tells the shape that flows. */
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
      {(isNear || isHovered || selected === true) && data !== undefined && (
        <EdgeLabelRenderer>
          {selected === true && severity === 'error' && (
            <EdgeProblem edgeId={data.edgeId} x={middle.x} y={middle.y} />
          )}
          <ShapeLabel path={data.path} port={sourceHandleId ?? ''} x={middle.x} y={middle.y} />
        </EdgeLabelRenderer>
      )}
    </>
  );
});

function ShapeLabel({ path, port, x, y }: { path: string; port: string; x: number; y: number }) {
  const isChannelsLast = useDisplay((state) => state.isChannelsLast);
  const text = useAnalysis((state) => outputText(lookup(state.nodes, path), isChannelsLast, port));
  if (text === '') return null;
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
