/** Layers that are dropped on the other side of the border of an expanded block. */

import { moveAcross } from '../document/moveScope';
import { lookup } from '../document/records';
import { scopeOf } from '../document/scope';
import type { Position } from '../document/types';
import type { Designer } from '../state/DesignerContext';
import { boundsOf, type Rect } from './geometry';
import type { Moved } from './scene';
import type { PlacedScope, Stage } from './stage';
import { focusOn } from './useStage';

/**
 * The scope that moved layers are dropped in, when it is another than theirs.
 *
 * A layer is in a block when its middle is, and has left its block when no part of it is within.
 */
export function scopeDroppedIn(
  stage: Stage,
  from: PlacedScope,
  moved: Moved,
): PlacedScope | null {
  const rects = rectsOf(from, moved);
  const box = boundsOf(rects.map(([, rect]) => rect));
  if (box === null || rects.length < moved.size) return null;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const isCarried = ({ prefix }: PlacedScope): boolean =>
    rects.some(([id]) => prefix.startsWith(`${from.prefix}${id}/`));
  const target = stage.scopes.findLast(
    (each) => !isCarried(each) && (each.area === null || overlaps(each.area, point(middle))),
  );
  if (target === undefined || target.prefix === from.prefix) return null;
  const isStillWithin = from.area !== null && overlaps(from.area, box);
  const isInto = target.prefix.startsWith(from.prefix);
  return !isInto && isStillWithin ? null : target;
}

/** The frame whose border moved layers are about to cross, as a part of a path. */
export function frameCrossed(stage: Stage, from: PlacedScope, moved: Moved): string | null {
  // Most canvases have nothing expanded on them.
  if (stage.scopes.length < 2) return null;
  const target = scopeDroppedIn(stage, from, moved);
  if (target === null) return null;
  return target.steps.length > from.steps.length ? target.prefix : from.prefix;
}

/** Move layers to the scope they were dropped in, or say why they stay. */
export function cross(
  { editor }: Designer,
  from: PlacedScope,
  target: PlacedScope,
  moved: Moved,
): void {
  const isInto = target.steps.length > from.steps.length;
  const [outer, inner] = isInto ? [from, target] : [target, from];
  const step = inner.steps.at(-1);
  const isNext = inner.prefix === `${outer.prefix}${step?.instanceId ?? ''}/`;
  if (step === undefined || !isNext) {
    editor.say('Layers are moved across one border at a time: out of a block, or into one.');
    return;
  }
  const rects = rectsOf(from, moved);
  const positions: Record<string, Position> = Object.fromEntries(
    rects.map(([id, rect]) => [id, target.toDocument(rect, id)]),
  );
  const border = { scopeId: outer.scopeId, instanceId: step.instanceId };
  const direction = isInto ? 'in' : 'out';
  const instance = lookup(scopeOf(editor.state.document, outer.scopeId).nodes, step.instanceId);
  const isFreezing = isInto && instance?.is_frozen === true && !areFrozen(from, rects);
  const edit = moveAcross(editor.state.document, border, direction, positions);
  if ('refused' in edit) {
    editor.say(edit.refused);
    return;
  }
  const names = rects.map(([id]) => from.scene.cards.get(id)?.node.name ?? id);
  const what = names.length === 1 ? (names[0] ?? 'layer') : `${names.length} layers`;
  const { document } = editor.state;
  const block = lookup(document.graph.blocks, step.blockId)?.name ?? 'the block';
  focusOn(editor, target);
  editor.perform(`Move ${what} ${isInto ? 'into' : 'out of'} ${block}`, edit.operations, {
    select: edit.nodeIds,
  });
  if (isFreezing) editor.say(`${block} is frozen, and so ${names.length === 1 ? 'is' : 'are'} ${what} now.`);
}

const areFrozen = ({ scene }: PlacedScope, rects: readonly (readonly [string, Rect])[]): boolean =>
  rects.every(([id]) => scene.cards.get(id)?.node.is_frozen === true);

function rectsOf({ scene }: PlacedScope, moved: Moved): (readonly [string, Rect])[] {
  return [...moved].flatMap(([id, place]) => {
    const card = scene.cards.get(id);
    if (card === undefined) return [];
    const { width, height } = card;
    return [[id, { ...place, width, height }] as const];
  });
}

const point = ({ x, y }: Position): Rect => ({ x, y, width: 0, height: 0 });

function overlaps(one: Rect, other: Rect): boolean {
  return (
    one.x <= other.x + other.width &&
    other.x <= one.x + one.width &&
    one.y <= other.y + other.height &&
    other.y <= one.y + one.height
  );
}
