/** Bringing a whole network, such as a template, into a scope of a document. */

import { pasteClip, type Clip, type Paste } from './clipboard';
import { newId } from './ids';
import type { Operation } from './operations';
import { lookup } from './records';
import type { Document, Edge, Endpoint, Position } from './types';

export interface MergeOptions {
  /** Types that stand for what comes in, and for what goes out; what they are is left out. */
  readonly leftOut: (type: string) => 'input' | 'output' | null;
  /** What the network is to take in place of its first input. */
  readonly source: Endpoint | null;
  /** Where the upper left corner goes; null keeps every place. */
  readonly at: Position | null;
}

/** The layers of `network` as one edit: under new ids and free names, connected to `source`. */
export function mergeNetwork(
  document: Document,
  scopeId: string | null,
  network: Document,
  { leftOut, source, at }: MergeOptions,
): Paste | { readonly refused: string } {
  const { graph, view } = network;
  const isKept = (id: string): boolean => leftOut(lookup(graph.nodes, id)?.type ?? '') === null;
  const nodes = Object.fromEntries(Object.entries(graph.nodes).filter(([id]) => isKept(id)));
  const edges = Object.values(graph.edges);
  const inner = Object.entries(graph.edges).filter(
    ([, edge]) => isKept(edge.source.node) && isKept(edge.target.node),
  );
  const clip: Clip = {
    nodes,
    edges: Object.fromEntries(inner),
    blocks: graph.blocks,
    positions: view.positions,
  };
  const paste = pasteClip(document, scopeId, clip, at ?? cornerOf(clip));
  if ('refused' in paste) return paste;
  const ids = new Map(Object.keys(nodes).map((id, index) => [id, paste.nodeIds[index] ?? id]));
  const entries = source === null ? [] : firstEntries(network, edges, leftOut);
  const connections = entries.flatMap(({ node, port }): Operation[] => {
    const target = ids.get(node);
    if (source === null || target === undefined) return [];
    const edge: Edge = { source, target: { node: target, port } };
    return [{ op: 'add_edge', scope: scopeId, edge_id: newId(), edge }];
  });
  return { ...paste, operations: [...paste.operations, ...connections] };
}

/** Comment frames of a network, for a canvas that takes it whole. */
export function framesOfNetwork({ view }: Document): Operation[] {
  return Object.values(view.frames)
    .filter(({ scope }) => scope === null)
    .map((frame) => ({ op: 'set_frame', frame_id: newId(), frame }));
}

/** What the first of the inputs that are left out would feed. */
function firstEntries(
  { graph }: Document,
  edges: readonly Edge[],
  leftOut: MergeOptions['leftOut'],
): Endpoint[] {
  const input = Object.entries(graph.nodes).find(([, { type }]) => leftOut(type) === 'input');
  if (input === undefined) return [];
  return edges.filter((edge) => edge.source.node === input[0]).map(({ target }) => target);
}

function cornerOf({ nodes, positions }: Clip): Position {
  const places = Object.keys(nodes).map((id) => lookup(positions, id) ?? { x: 0, y: 0 });
  return {
    x: Math.min(...places.map(({ x }) => x)),
    y: Math.min(...places.map(({ y }) => y)),
  };
}
