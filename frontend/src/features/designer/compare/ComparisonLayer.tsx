import { ViewportPortal } from '@xyflow/react';
import { useMemo } from 'react';
import { portsIn } from '../document/ports';
import { scopeOf } from '../document/scope';
import { lookup } from '../document/records';
import type { Document } from '../document/types';
import { curvePath, type Rect } from '../canvas/geometry';
import { cardsOf, makeScene, type Scene } from '../canvas/scene';
import type { PlacedScope } from '../canvas/stage';
import { ghostPlaces } from './ghostPlaces';
import { useDesigner } from '../state/DesignerContext';
import type { NodeDifference } from '../state/historyApi';
import { DESIGNER_IDS } from '../testids';
import classes from './Comparison.module.css';
import { changeText, MARKS, WORDS } from './words';
import { useComparing } from './useComparing';

/** What differs, drawn over the network: signs and words, not colour alone. */
export function ComparisonLayer({ placed }: { placed: PlacedScope }) {
  const { scene, scopeId } = placed;
  const comparison = useComparing((state) => state.comparison);
  const before = useComparing((state) => state.document);
  const current = useComparing((state) => state.steps[state.at]);
  const ghosts = useGhosts(placed, before);
  if (comparison === null || ghosts === null) return null;
  const nodes = comparison.nodes.filter((node) => node.scope === scopeId);
  const edges = comparison.edges.filter((edge) => edge.scope === scopeId);
  return (
    <ViewportPortal>
      <svg className={classes.wires} aria-hidden>
        {edges.map(({ kind, edge_id: id }) => {
          const { wires } = kind === 'added' ? scene : ghosts;
          const wire = wires.find((each) => each.id === id);
          if (wire === undefined) return null;
          return (
            <path
              key={`${kind} ${id}`}
              d={curvePath(wire.curve)}
              data-kind={kind}
              data-current={current?.edgeId === id || undefined}
            />
          );
        })}
      </svg>
      {nodes.map((node) => {
        const card = (node.kind === 'removed' ? ghosts : scene).cards.get(node.node_id);
        if (card === undefined) return null;
        const isCurrent = current?.nodeId === node.node_id;
        return <Mark key={node.node_id} node={node} rect={card} isCurrent={isCurrent} />;
      })}
    </ViewportPortal>
  );
}

/** The earlier scope, its layers where they are now if they are still there. */
function useGhosts({ scene, scopeId, toDrawn }: PlacedScope, before: Document | null): Scene | null {
  const { catalog } = useDesigner();
  return useMemo(() => {
    if (before === null) return null;
    const isThere = scopeId === null || lookup(before.graph.blocks, scopeId) !== undefined;
    if (!isThere) return { cards: new Map(), wires: [], frames: [] };
    const portsOf = portsIn(before, catalog.layerPorts);
    const scope = scopeOf(before, scopeId);
    const places = new Map(
      [...cardsOf(before, scope, portsOf)].map(([id, card]) => [id, toDrawn(card)] as const),
    );
    const drawn = makeScene(before, scopeId, scope, portsOf, places);
    return makeScene(before, scopeId, scope, portsOf, ghostPlaces(scene, drawn));
  }, [scene, toDrawn, before, scopeId, catalog]);
}

interface MarkProps {
  node: NodeDifference;
  rect: Rect;
  isCurrent: boolean;
}

function Mark({ node, rect, isCurrent }: MarkProps) {
  return (
    <div
      className={classes.mark}
      data-kind={node.kind}
      data-current={isCurrent || undefined}
      data-testid={DESIGNER_IDS.difference(node.name)}
      role="note"
      aria-label={`${node.name} ${WORDS[node.kind]}`}
      style={{
        transform: `translate(${rect.x}px, ${rect.y}px)`,
        width: rect.width,
        height: rect.height,
      }}
    >
      <span className={classes.tag}>
        {MARKS[node.kind]} {WORDS[node.kind]}
      </span>
      {node.kind === 'removed' && (
        <span className={classes.ghost}>
          <b>{node.name}</b>
          <span>{node.type}</span>
        </span>
      )}
      {node.values.length > 0 && (
        <span className={classes.values}>
          {node.values.map((value) => (
            <span key={value.name}>{changeText(value)}</span>
          ))}
        </span>
      )}
    </div>
  );
}
