import { boundsOf, curvePath } from '../canvas/geometry';
import { makeScene, type Card } from '../canvas/scene';
import { portsIn } from '../document/ports';
import { lookup } from '../document/records';
import type { Document } from '../document/types';
import type { Catalog } from '../state/catalog';
import type { Analysis } from '../state/contract';
import { DESIGNER_IDS } from '../testids';
import classes from './Report.module.css';

const MARGIN = 16;
/** Beyond this the picture on paper is a grey line; the table tells more. */
const MOST_CARDS = 600;

interface ReportPictureProps {
  readonly document: Document;
  readonly analysis: Analysis;
  readonly catalog: Catalog;
}

/** The top level as it is laid out on the canvas. */
export function ReportPicture({ document, analysis, catalog }: ReportPictureProps) {
  const scene = makeScene(document, null, document.graph, portsIn(document, catalog.layerPorts));
  const bounds = boundsOf(scene.cards.values());
  if (bounds === null || scene.cards.size > MOST_CARDS) return null;
  const offenders = new Set(analysis.budgets?.flatMap((use) => use.offenders));
  const box = [
    bounds.x - MARGIN,
    bounds.y - MARGIN,
    bounds.width + 2 * MARGIN,
    bounds.height + 2 * MARGIN,
  ];
  return (
    <section className={classes.section}>
      <h2>Network</h2>
      <svg
        className={classes.picture}
        viewBox={box.join(' ')}
        role="img"
        aria-label="The network as it is drawn"
        data-testid={DESIGNER_IDS.reportPicture}
      >
        {scene.wires.map(({ id, curve }) => (
          <path key={id} d={curvePath(curve)} className={classes.wire} />
        ))}
        {[...scene.cards.values()].map((card) => (
          <PaperCard
            key={card.id}
            card={card}
            title={titleOf(card, document, catalog)}
            hue={catalog.byType.get(card.node.type)?.hue ?? 0}
            shape={lookup(analysis.nodes, card.id)?.output_text ?? ''}
            isOffender={offenders.has(card.id)}
          />
        ))}
      </svg>
    </section>
  );
}

function titleOf({ node }: Card, document: Document, catalog: Catalog): string {
  const block = node.block === null ? undefined : lookup(document.graph.blocks, node.block);
  const times = node.repeat > 1 ? ` × ${String(node.repeat)}` : '';
  return `${block?.name ?? catalog.byType.get(node.type)?.title ?? node.type}${times}`;
}

interface PaperCardProps {
  readonly card: Card;
  readonly title: string;
  readonly hue: number;
  readonly shape: string;
  readonly isOffender: boolean;
}

function PaperCard({ card, title, hue, shape, isOffender }: PaperCardProps) {
  const { x, y, width, height, node } = card;
  return (
    <g transform={`translate(${String(x)} ${String(y)})`}>
      <rect
        className={classes.card}
        width={width}
        height={height}
        rx={4}
        data-offender={isOffender || undefined}
      />
      <rect width={5} height={height} fill={`hsl(${String(hue)} 42% 52%)`} />
      <text x={16} y={24} className={classes.cardName}>
        {node.name}
      </text>
      <text x={16} y={42} className={classes.cardType}>
        {title}
      </text>
      <text x={16} y={height - 12} className={classes.cardShape}>
        {shape}
      </text>
    </g>
  );
}
