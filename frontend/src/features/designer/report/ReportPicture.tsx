import { useMemo } from 'react';
import { makeScene } from '../canvas/scene';
import { portsIn } from '../document/ports';
import { lookup } from '../document/records';
import type { Document } from '../document/types';
import { drawPicture } from '../picture/svg';
import type { Catalog } from '../state/catalog';
import type { Analysis } from '../state/contract';
import { DESIGNER_IDS } from '../testids';
import classes from './Report.module.css';

/** Beyond this the picture on paper is a grey line; the table tells more. */
const MOST_CARDS = 600;

interface ReportPictureProps {
  readonly document: Document;
  readonly analysis: Analysis;
  readonly catalog: Catalog;
}

/** The top level as it is laid out on the canvas, as an image: what a name says stays a picture. */
export function ReportPicture({ document, analysis, catalog }: ReportPictureProps) {
  const source = useMemo(
    () => pictureAddress(document, analysis, catalog),
    [document, analysis, catalog],
  );
  if (source === null) return null;
  return (
    <section className={classes.section}>
      <h2>Network</h2>
      <img
        className={classes.picture}
        src={source}
        alt="The network as it is drawn"
        data-testid={DESIGNER_IDS.reportPicture}
      />
    </section>
  );
}

function pictureAddress(document: Document, analysis: Analysis, catalog: Catalog): string | null {
  const scene = makeScene(document, null, document.graph, portsIn(document, catalog.layerPorts));
  if (scene.cards.size === 0 || scene.cards.size > MOST_CARDS) return null;
  const { svg } = drawPicture({
    title: document.graph.name,
    scene,
    catalog,
    blockName: (blockId) => lookup(document.graph.blocks, blockId)?.name,
    shapeOf: (nodeId) => lookup(analysis.nodes, nodeId)?.output_text ?? '',
    marked: new Set(analysis.budgets?.flatMap((use) => use.offenders)),
  });
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
