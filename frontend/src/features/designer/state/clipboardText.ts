/** The clipboard of the browser. On plain http only its copy and paste events are allowed. */

import { clipText, copyNodes, parseClip, pasteClip, type Clip } from '../document/clipboard';
import { MalformedData } from '../document/reader';
import { removeSelected } from '../document/remove';
import { lookup } from '../document/records';
import type { Position } from '../document/types';
import { GRID } from '../canvas/geometry';
import { migrateDocument } from './api';
import type { Designer } from './DesignerContext';

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
}

export function duplicateSelection(designer: Designer): void {
  const { document, nodeIds } = designer.editor.state;
  const clip = copyNodes(document, designer.editor.scopeId, [...nodeIds]);
  const corner = cornerOf(clip);
  pasteAt(designer, clip, { x: corner.x + PASTE_OFFSET, y: corner.y + PASTE_OFFSET }, 'Duplicate');
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

/** Beside where it was copied from when that can be seen and is taken, else in the middle. */
function pastePlace({ editor, panels }: Designer, clip: Clip): Position {
  const corner = cornerOf(clip);
  const ids = Object.keys(clip.nodes);
  const isFromHere = ids.some((id) => Object.hasOwn(editor.scope.nodes, id));
  if (isFromHere) return { x: corner.x + PASTE_OFFSET, y: corner.y + PASTE_OFFSET };
  const centre = panels.canvas?.centre() ?? { x: 0, y: 0 };
  return { x: Math.round(centre.x / GRID) * GRID, y: Math.round(centre.y / GRID) * GRID };
}

function cornerOf(clip: Clip): Position {
  const places = Object.keys(clip.nodes).flatMap((id) => lookup(clip.positions, id) ?? []);
  if (places.length === 0) return { x: 0, y: 0 };
  return {
    x: Math.min(...places.map(({ x }) => x)),
    y: Math.min(...places.map(({ y }) => y)),
  };
}
