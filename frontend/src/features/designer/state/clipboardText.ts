/** The clipboard of the browser. On plain http only its copy and paste events are allowed. */

import { clipText, copyNodes, parseClip, pasteClip, type Clip } from '../document/clipboard';
import { MalformedData } from '../document/reader';
import { removeSelected } from '../document/remove';
import { lookup } from '../document/records';
import type { Position } from '../document/types';
import { boundsOf, CARD_HEIGHT, CARD_WIDTH, GRID, type Rect } from '../canvas/geometry';
import { migrateDocument } from './api';
import { bringIntoView } from './bringIntoView';
import type { Designer } from './DesignerContext';
import { freePlace } from './placement';

const PASTE_OFFSET = 5 * GRID;

export function selectionText({ editor }: Designer): string | null {
  const { document, nodeIds } = editor.state;
  if (nodeIds.size === 0) return null;
  return clipText(copyNodes(document, editor.scopeId, [...nodeIds]));
}

export function deleteSelection({ editor }: Designer, label: string): void {
  const { document, nodeIds, edgeIds, frameIds } = editor.state;
  const selected = { nodeIds: [...nodeIds], edgeIds: [...edgeIds] };
  const operations = removeSelected(document, editor.scopeId, selected);
  for (const frame_id of frameIds) operations.push({ op: 'set_frame', frame_id, frame: null });
  const [only] = nodeIds;
  const name =
    nodeIds.size === 1 && only !== undefined
      ? (lookup(editor.scope.nodes, only)?.name ?? 'layer')
      : nodeIds.size > 1
        ? `${nodeIds.size} layers`
        : 'selection';
  editor.perform(`${label} ${name}`, operations, { select: [] });
}

export function pasteAt(designer: Designer, clip: Clip, at: Position, label = 'Paste'): void {
  const { editor } = designer;
  const paste = pasteClip(editor.state.document, editor.scopeId, clip, at);
  if ('refused' in paste) {
    editor.say(paste.refused);
    return;
  }
  const count = paste.nodeIds.length;
  editor.perform(`${label} ${count === 1 ? 'layer' : `${count} layers`}`, paste.operations, {
    select: paste.nodeIds,
  });
  bringIntoView(designer, paste.nodeIds);
}

export function duplicateSelection(designer: Designer): void {
  const { document, nodeIds } = designer.editor.state;
  const clip = copyNodes(document, designer.editor.scopeId, [...nodeIds]);
  const box = boxOf(clip);
  const beside = { x: box.x + PASTE_OFFSET, y: box.y + PASTE_OFFSET };
  pasteAt(designer, clip, freePlace(designer, beside, box), 'Duplicate');
}

/** Paste text: copied layers, or a whole network of this or an older format. */
export async function pasteText(designer: Designer, text: string): Promise<void> {
  const clip = await readClip(text);
  if (typeof clip === 'string') {
    designer.editor.say(clip);
    return;
  }
  pasteAt(designer, clip, pastePlace(designer, clip));
}

async function readClip(text: string): Promise<Clip | string> {
  try {
    return parseClip(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return 'The clipboard holds no layers. Copy layers, or the text of a network file.';
    }
    if (!(error instanceof MalformedData)) throw error;
    return readOldDocument(text, error.message);
  }
}

async function readOldDocument(text: string, reason: string): Promise<Clip | string> {
  try {
    const { graph, view } = await migrateDocument(JSON.parse(text));
    return { ...graph, positions: view.positions };
  } catch {
    return `This text cannot be pasted. ${reason}`;
  }
}

/** Beside where it was copied from when that is here, else in the middle; never onto a layer. */
function pastePlace(designer: Designer, clip: Clip): Position {
  const { editor, panels } = designer;
  const box = boxOf(clip);
  const isFromHere = Object.keys(clip.nodes).some((id) => Object.hasOwn(editor.scope.nodes, id));
  if (isFromHere) {
    return freePlace(designer, { x: box.x + PASTE_OFFSET, y: box.y + PASTE_OFFSET }, box);
  }
  return freePlace(designer, panels.canvas?.centre() ?? { x: 0, y: 0 }, box);
}

/** What the layers of a clip cover. */
function boxOf(clip: Clip): Rect {
  const cards = Object.keys(clip.nodes).map((id) => ({
    ...(lookup(clip.positions, id) ?? { x: 0, y: 0 }),
    width: CARD_WIDTH,
    height: CARD_HEIGHT,
  }));
  return boundsOf(cards) ?? { x: 0, y: 0, width: 0, height: 0 };
}
