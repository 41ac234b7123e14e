/** Templates in a network that is open: whole on an empty canvas, else merged in. */

import { asProblem } from '@/api';
import { boundsOf, CARD_HEIGHT, CARD_WIDTH } from '../canvas/geometry';
import { framesOfNetwork, mergeNetwork } from '../document/mergeNetwork';
import { parseDocument } from '../document/parse';
import type { Document, Endpoint, Position } from '../document/types';
import { isEmpty } from '../document/records';
import { previewTemplate } from './api';
import { bringIntoView } from './bringIntoView';
import type { Designer } from './DesignerContext';
import { freePlace } from './placement';

export interface TemplatePlace {
  readonly position: Position;
  /** The port that the template goes on from. */
  readonly source: Endpoint | null;
}

/** One step of undo, whatever the template is made of. */
export async function insertTemplate(
  designer: Designer,
  template: string,
  datasetId: string | null,
  place: TemplatePlace,
): Promise<void> {
  const { editor, panels } = designer;
  try {
    const { document } = await previewTemplate(template, datasetId);
    const isWhole = insertNetwork(designer, template, parseDocument(document), place);
    if (isWhole) requestAnimationFrame(() => panels.canvas?.fit());
    else bringIntoView(designer, [...editor.state.nodeIds]);
  } catch (error) {
    editor.say(asProblem(error).message);
  }
}

/** Returns whether the canvas was empty and took the network as it is. */
function insertNetwork(
  designer: Designer,
  name: string,
  network: Document,
  { position, source }: TemplatePlace,
): boolean {
  const { editor, catalog } = designer;
  const { scopeId } = editor;
  const isWhole = scopeId === null && isEmpty(editor.scope.nodes);
  // Where it joins what is there, its own inputs and outputs would be in the way.
  const isJoined = source !== null || scopeId !== null;
  const leftOut = (type: string): 'input' | 'output' | null => {
    const role = catalog.byType.get(type)?.role;
    return isJoined && (role === 'input' || role === 'output') ? role : null;
  };
  const at = isWhole ? null : freePlace(designer, position, sizeOf(network));
  const merged = mergeNetwork(editor.state.document, scopeId, network, { leftOut, source, at });
  if ('refused' in merged) {
    editor.say(merged.refused);
    return false;
  }
  const frames = isWhole ? framesOfNetwork(network) : [];
  const label = `${isWhole ? 'Open' : 'Insert'} the template ${name}`;
  editor.perform(label, [...merged.operations, ...frames], {
    select: isWhole ? [] : merged.nodeIds,
  });
  return isWhole;
}

function sizeOf({ view, graph }: Document): { width: number; height: number } {
  const places = Object.entries(view.positions).filter(([id]) => Object.hasOwn(graph.nodes, id));
  const cards = places.map(([, { x, y }]) => ({ x, y, width: CARD_WIDTH, height: CARD_HEIGHT }));
  return boundsOf(cards) ?? { width: CARD_WIDTH, height: CARD_HEIGHT };
}
