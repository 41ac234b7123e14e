import { EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import { lookup } from '../document/records';
import { useAnalysis, usePanels } from '../state/DesignerContext';
import { useEdgeSeverity } from '../state/useProblems';
import { DESIGNER_IDS } from '../testids';
import type { TensorEdge } from './flowElements';
import { curveBetween, curveMiddle, curvePath } from './geometry';
import classes from './TensorEdgeLine.module.css';

/** A connection. Pointing at it tells the shape that flows. */
export const TensorEdgeLine = memo(function TensorEdgeLine(props: EdgeProps<TensorEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, selected, data } = props;
  const severity = useEdgeSeverity(id);
  const isHovered = usePanels((state) => state.hoveredEdge === id);
  const curve = data?.curve ?? curveBetween({ x: sourceX, y: sourceY }, { x: targetX, y: targetY });
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
      {(isHovered || selected === true) && data !== undefined && (
        <EdgeLabelRenderer>
          <ShapeLabel path={data.path} x={middle.x} y={middle.y} />
        </EdgeLabelRenderer>
      )}
    </>
  );
});

function ShapeLabel({ path, x, y }: { path: string; x: number; y: number }) {
  const text = useAnalysis((state) => lookup(state.nodes, path)?.output_text ?? '');
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
