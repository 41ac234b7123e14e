/** Thorough layout: ELK layered, left to right, in a worker that can be ended. */

import ELK from 'elkjs/lib/elk-api';
import ElkWorker from 'elkjs/lib/elk-worker.min.js?worker';
import type { Position } from '../document/types';
import { GRID } from './geometry';
import { portPlace, type Scene } from './scene';

const DEADLINE_MS = 10_000;

/** Long chains are broken into rows of about the shape of a canvas. */
const MOST_WRAPPED = 300;
const WRAPPED = {
  'elk.aspectRatio': '1.7',
  'elk.layered.wrapping.strategy': 'SINGLE_EDGE',
  'elk.layered.wrapping.additionalEdgeSpacing': '24',
};

export type LayoutResult =
  | { readonly kind: 'done'; readonly positions: Readonly<Record<string, Position>> }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'late' }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Places for every card of a scene.
 *
 * @param signal Ends the worker at once.
 */
export async function layOutThoroughly(scene: Scene, signal: AbortSignal): Promise<LayoutResult> {
  const elk = new ELK({ workerFactory: () => new ElkWorker() });
  const ended = new Promise<LayoutResult>((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'late' }), DEADLINE_MS);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve({ kind: 'cancelled' });
    });
  });
  const laidOut = elk.layout(elkGraph(scene)).then(
    (graph): LayoutResult => ({
      kind: 'done',
      positions: Object.fromEntries(
        (graph.children ?? []).map(({ id, x = 0, y = 0 }) => [
          id,
          { x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID },
        ]),
      ),
    }),
    (error: unknown): LayoutResult => ({ kind: 'failed', reason: String(error) }),
  );
  const result = await Promise.race([laidOut, ended]);
  elk.terminateWorker();
  return result;
}

function elkGraph(scene: Scene) {
  return {
    id: 'scope',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.spacing.nodeNode': '40',
      'elk.layered.spacing.nodeNodeBetweenLayers': '40',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.separateConnectedComponents': 'true',
      ...(scene.cards.size <= MOST_WRAPPED ? WRAPPED : {}),
    },
    children: [...scene.cards.values()].map((card) => ({
      id: card.id,
      width: card.width,
      height: card.height,
      layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
      ports: [
        ...card.ports.inputs.map((port) => ({
          id: `${card.id}<${port}`,
          x: 0,
          y: portPlace(card, 'inputs', port).y - card.y,
          layoutOptions: { 'elk.port.side': 'WEST' },
        })),
        ...card.ports.outputs.map((port) => ({
          id: `${card.id}>${port}`,
          x: card.width,
          y: portPlace(card, 'outputs', port).y - card.y,
          layoutOptions: { 'elk.port.side': 'EAST' },
        })),
      ],
    })),
    edges: scene.wires.map(({ id, edge }) => ({
      id,
      sources: [`${edge.source.node}>${edge.source.port}`],
      targets: [`${edge.target.node}<${edge.target.port}`],
    })),
  };
}
