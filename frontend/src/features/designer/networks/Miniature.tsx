import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { boundsOf, curvePath } from '../canvas/geometry';
import { makeScene, type Scene } from '../canvas/scene';
import { parseDocument } from '../document/parse';
import { portsIn } from '../document/ports';
import { makeCatalog, type Catalog } from '../state/catalog';
import { layersQuery, miniatureQuery } from './queries';
import classes from './Networks.module.css';

const MARGIN = 40;
const MANY = 400;

/** A small drawing of a network, as it lies on its canvas. */
export function Miniature({ networkId, revision }: { networkId: string; revision: number }) {
  const { data: network } = useQuery(miniatureQuery(networkId, revision));
  return <DocumentDrawing document={network?.document} />;
}

/** A small drawing of a document as the server answers it; empty until it is there. */
export function DocumentDrawing({ document: raw }: { document: unknown }) {
  const { data: layers } = useQuery(layersQuery);
  const drawn = useMemo(() => {
    if (raw === undefined || layers === undefined) return null;
    const catalog = makeCatalog(layers.layers);
    const document = parseDocument(raw);
    const portsOf = portsIn(document, catalog.layerPorts);
    return { catalog, scene: makeScene(document, null, document.graph, portsOf) };
  }, [raw, layers]);
  return (
    <div className={classes.miniature} aria-hidden>
      {drawn !== null && <Drawing {...drawn} />}
    </div>
  );
}

function Drawing({ catalog, scene }: { catalog: Catalog; scene: Scene }) {
  const bounds = boundsOf(scene.cards.values());
  if (bounds === null) return <span className={classes.blank}>Nothing drawn yet</span>;
  const { x, y, width, height } = bounds;
  // A single short row is not blown up to the size of the card.
  const room = Math.max(width, height * 2.6, 900) + 2 * MARGIN;
  const left = x + width / 2 - room / 2;
  const tall = room / 2.6;
  const top = y + height / 2 - tall / 2;
  return (
    <svg viewBox={`${left} ${top} ${room} ${tall}`} preserveAspectRatio="xMidYMid meet">
      <path
        className={classes.wires}
        d={
          scene.wires.length > MANY ? '' : scene.wires.map(({ curve }) => curvePath(curve)).join('')
        }
      />
      {[...scene.cards.values()].map((card) => (
        <g key={card.id} style={{ '--hue': catalog.byType.get(card.node.type)?.hue ?? 0 }}>
          <rect
            className={classes.box}
            x={card.x}
            y={card.y}
            width={card.width}
            height={card.height}
            rx={10}
          />
          <rect
            className={classes.family}
            x={card.x}
            y={card.y}
            width={22}
            height={card.height}
            rx={6}
          />
        </g>
      ))}
    </svg>
  );
}
