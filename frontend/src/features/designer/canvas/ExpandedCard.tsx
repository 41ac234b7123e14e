import { ActionIcon, Tooltip } from '@mantine/core';
import { IconArrowRight, IconArrowsDiagonalMinimize2 } from '@tabler/icons-react';
import type { NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { lookup } from '../document/records';
import { instancesOf } from '../document/scope';
import { findCommand } from '../state/commands';
import { useDesigner, useDocument, useShortcut } from '../state/DesignerContext';
import { useProblems, useProblemsInside } from '../state/useProblems';
import { DESIGNER_IDS } from '../testids';
import classes from './ExpandedCard.module.css';
import { EXPANDED_HANDLE, type ExpandedNode } from './flowElements';
import { curvePath } from './geometry';
import { LayerIcon } from './LayerIcon';
import { Ports } from './Ports';
import { ProblemBadge } from './ProblemBadge';
import { SharedMark } from './SharedMark';

/** A use of a block, open in place: a frame around what it computes, which is edited as it stands. */
export const ExpandedCard = memo(function ExpandedCard({
  data,
  selected,
  positionAbsoluteX: left,
  positionAbsoluteY: top,
}: NodeProps<ExpandedNode>) {
  const { node, nodeId, ports, path, axis, leads, isFocus, isCrossed } = data;
  const { catalog, editor } = useDesigner();
  const problems = useProblems(nodeId, path);
  const inside = useProblemsInside(nodeId, node.block, path);
  const layer = catalog.byType.get(node.type);
  const collapseKey = useShortcut(findCommand('collapse-block'));
  return (
    <div
      className={classes.frame}
      data-selected={selected || undefined}
      data-focus={isFocus || undefined}
      data-crossed={isCrossed || undefined}
      data-testid={DESIGNER_IDS.expanded(node.name)}
      role="group"
      aria-label={`${node.name}, expanded`}
      style={{ '--hue': layer?.hue ?? 240 }}
    >
      <svg className={classes.leads} aria-hidden>
        <g transform={`translate(${-left} ${-top})`}>
          {leads.map((lead, index) => (
            <path key={index} d={curvePath(lead)} />
          ))}
        </g>
      </svg>
      <header className={`${EXPANDED_HANDLE} ${classes.header ?? ''}`}>
        <LayerIcon name={layer?.icon} size={15} className={classes.icon} />
        <span className={classes.name}>{node.name}</span>
        <SharedMark nodeId={nodeId} path={path} />
        {node.repeat > 1 && (
          <span className={classes.repeat} title={`Applied ${node.repeat} times in sequence`}>
            × {node.repeat}
            {node.weights === 'shared' && ' shared'}
          </span>
        )}
        <Definition blockId={node.block} />
        <Tooltip label="Open on its own">
          <ActionIcon
            className="nodrag"
            variant="subtle"
            color="gray"
            size={24}
            aria-label={`Open ${node.name} on its own`}
            onClick={() => editor.openAlone(path)}
          >
            <IconArrowRight size={15} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={collapseKey === undefined ? 'Collapse' : `Collapse (${collapseKey})`}>
          <ActionIcon
            className="nodrag"
            variant="subtle"
            color="gray"
            size={24}
            aria-label={`Collapse ${node.name}`}
            data-testid={DESIGNER_IDS.collapse}
            onClick={() => editor.collapse(path)}
          >
            <IconArrowsDiagonalMinimize2 size={15} />
          </ActionIcon>
        </Tooltip>
      </header>
      <ProblemBadge problems={problems} inside={inside} />
      <Ports ports={ports} axis={axis} inset={1} />
    </div>
  );
});

/** Which block it is, and whom an edit within reaches. */
function Definition({ blockId }: { blockId: string | null }) {
  const document = useDocument();
  if (blockId === null) return null;
  const count = instancesOf(document, blockId).length;
  const name = lookup(document.graph.blocks, blockId)?.name ?? '?';
  return (
    <span className={classes.definition}>
      <span>{name}</span>
      {count > 1 && <b>edits change all {count} instances</b>}
    </span>
  );
}
