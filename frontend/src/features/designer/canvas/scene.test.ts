import { describe, expect, it } from 'vitest';
import { portsFor, residual } from '../document/testDocument';
import { hitAt, makeScene } from './scene';

const document = residual();
const scene = makeScene(document, null, document.graph, portsFor(document));
const REACH = 8;

function middleOf(id: string): { x: number; y: number } {
  const card = scene.cards.get(id);
  if (card === undefined) throw new Error(`No card ${id}.`);
  return { x: card.x + card.width / 2, y: card.y + card.height / 2 };
}

describe('what lies at a point of the drawing', () => {
  it('is the layer there, even close to a connection', () => {
    const { x, y } = middleOf('relu');
    expect(hitAt(scene, { x, y }, REACH)).toEqual({ kind: 'node', id: 'relu' });
    const right = scene.cards.get('relu')?.width ?? 0;
    expect(hitAt(scene, { x: x + right / 2 - 1, y }, REACH).kind).toBe('node');
  });

  it('is a connection between layers, within reach of it', () => {
    const [left, right] = [middleOf('image'), middleOf('conv')];
    const between = { x: (left.x + right.x) / 2, y: left.y };
    expect(hitAt(scene, between, REACH)).toEqual({ kind: 'edge', id: 'e1' });
    const off = { ...between, y: between.y + REACH + 1 };
    expect(hitAt(scene, off, REACH).kind).toBe('canvas');
    expect(hitAt(scene, off, 2 * REACH)).toEqual({ kind: 'edge', id: 'e1' });
  });

  it('is the canvas beside everything', () => {
    expect(hitAt(scene, { x: -500, y: -500 }, REACH)).toEqual({ kind: 'canvas', id: '' });
  });
});
