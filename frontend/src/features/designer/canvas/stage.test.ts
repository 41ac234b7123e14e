import { describe, expect, it } from 'vitest';
import { applyOperations } from '../document/apply';
import { groupIntoBlock } from '../document/groupBlock';
import { portsFor, residual } from '../document/testDocument';
import { BLOCK, makeNode, type Document } from '../document/types';
import type { Rect } from './geometry';
import { arrange } from './arrangeStage';
import { place } from './placeStage';
import { Room } from './room';
import { portPlace } from './scene';
import { scopeAt, scopeOfPath, type Stage } from './stage';

/** image -> conv -> Inner(relu, add) -> output, with a second use of Inner below. */
function twice(): { document: Document; first: string } {
  const document = residual();
  const grouped = groupIntoBlock(document, null, ['relu', 'add'], 'Inner', portsFor(document));
  if ('refused' in grouped) throw new Error(grouped.refused);
  const [first = ''] = grouped.nodeIds;
  const made = applyOperations(document, grouped.operations).document;
  const block = made.graph.nodes[first]?.block ?? '';
  const second = makeNode(BLOCK, 'again', { block });
  const added = applyOperations(made, [
    { op: 'add_node', scope: null, node_id: 'again', node: second, position: { x: 480, y: 200 } },
  ]);
  return { document: added.document, first };
}

function stageOf(document: Document, expanded: readonly string[], moved = new Map()): Stage {
  const portsOf = portsFor(document);
  const source = { document, scopeId: null, portsOf, expanded: new Set(expanded), below: 0 };
  return place(arrange(source), moved);
}

const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const isInside = (outer: Rect, inner: Rect): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

describe('a canvas with expanded blocks', () => {
  it('is the plain scene while nothing is expanded', () => {
    const { document } = twice();
    const stage = stageOf(document, []);
    expect(stage.scopes).toHaveLength(1);
    expect(stage.all).toBe(stage.scopes[0]?.scene);
    expect(stage.all.cards.get('conv')).toMatchObject({ x: 240, y: 0, leads: null });
  });

  it('makes room for the content, covers nothing, and keeps the ports in their row', () => {
    const { document, first } = twice();
    const before = stageOf(document, []).all.cards;
    const stage = stageOf(document, [first]);
    const [page, inner] = stage.scopes;
    const frame = page?.scene.cards.get(first);
    const card = before.get(first);
    if (page === undefined || inner === undefined || frame === undefined || card === undefined) {
      throw new Error('The block is not expanded.');
    }
    expect(inner.prefix).toBe(`${first}/`);
    for (const each of inner.scene.cards.values()) expect(isInside(frame, each)).toBe(true);
    const others = [...page.scene.cards.values()];
    for (const a of others) {
      for (const b of others) expect(a.id !== b.id && overlap(a, b)).toBe(false);
    }
    const [port = ''] = card.ports.inputs;
    const after = portPlace(frame, 'inputs', port);
    expect(after).toEqual(portPlace(card, 'inputs', port));
    expect(frame.leads).toHaveLength(2);
  });

  it('finds the place in the document of everything drawn, as before and after a drag', () => {
    const { document, first } = twice();
    const stage = stageOf(document, [first, 'again']);
    for (const { scene, toDocument } of stage.scopes) {
      for (const card of scene.cards.values()) {
        const place = document.view.positions[card.id];
        expect(toDocument(card, card.id)).toEqual(place);
      }
    }
    const dragged = new Map([[first, { x: 1000, y: 900 }]]);
    const moved = stageOf(document, [first], dragged).scopes[1];
    const still = stageOf(document, [first]).scopes;
    const frame = still[0]?.scene.cards.get(first);
    for (const card of still[1]?.scene.cards.values() ?? []) {
      expect(moved?.scene.cards.get(card.id)).toMatchObject({
        x: card.x + 1000 - (frame?.x ?? 0),
        y: card.y + 900 - (frame?.y ?? 0),
      });
    }
  });

  it('shows each use of a block with paths of its own, and knows what lies where', () => {
    const { document, first } = twice();
    const stage = stageOf(document, [first, 'again']);
    expect(stage.scopes.map(({ prefix }) => prefix)).toEqual(['', `${first}/`, 'again/']);
    expect(new Set(stage.all.cards.keys()).size).toBe(
      stage.scopes.reduce((sum, { scene }) => sum + scene.cards.size, 0),
    );
    const relu = stage.all.cards.get('again/relu');
    expect(relu && scopeAt(stage, relu)?.prefix).toBe('again/');
    expect(scopeAt(stage, { x: -500, y: -500 })?.prefix).toBe('');
    expect(scopeOfPath(stage, 'again/relu')?.scopeId).toBe(document.graph.nodes['again']?.block);
  });

  it('leaves out what is expanded no more, or was never a block', () => {
    const { document } = twice();
    expect(stageOf(document, ['conv', 'gone', 'gone/inner']).scopes).toHaveLength(1);
  });
});

describe('room for what is drawn larger', () => {
  const card = { width: 176, height: 92 };
  const room = new Room([{ id: 'a', x: 200, y: 200, ...card, above: 64, below: 40, right: 300 }]);

  it('moves rows apart and what follows in the row on', () => {
    expect(room.drawn({ x: 0, y: 0, ...card })).toEqual({ x: 0, y: -64 });
    expect(room.drawn({ x: 0, y: 400, ...card })).toEqual({ x: 0, y: 440 });
    expect(room.drawn({ x: 400, y: 240, ...card })).toEqual({ x: 700, y: 240 });
    expect(room.drawn({ x: 0, y: 200, ...card })).toEqual({ x: 0, y: 200 });
    expect(room.drawn({ x: 200, y: 200, ...card }, 'a')).toEqual({ x: 200, y: 200 });
  });

  it('takes what is dropped into the room to the nearest place that there is', () => {
    expect(room.inDocument({ x: 0, y: 60, ...card })).toEqual({ x: 0, y: 108 });
    expect(room.inDocument({ x: 500, y: 210, ...card })).toEqual({ x: 376, y: 210 });
  });

  it('lets a comment frame grow around what is expanded in it', () => {
    expect(room.stretched({ x: 100, y: 100, width: 600, height: 300 })).toEqual({
      x: 100,
      y: 36,
      width: 900,
      height: 404,
    });
  });
});
