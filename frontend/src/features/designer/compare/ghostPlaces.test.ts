import { describe, expect, it } from 'vitest';
import { makeScene } from '../canvas/scene';
import { emptyDocument, makeNode, type Document } from '../document/types';
import { ghostPlaces } from './ghostPlaces';

const PORTS = () => ({ inputs: ['input'], outputs: ['output'] });

function sceneOf(positions: Record<string, { x: number; y: number }>) {
  const empty = emptyDocument();
  const nodes = Object.fromEntries(
    Object.keys(positions).map((id) => [id, makeNode('ReLU', id)]),
  );
  const document: Document = {
    ...empty,
    graph: { ...empty.graph, nodes },
    view: { ...empty.view, positions },
  };
  return makeScene(document, null, document.graph, PORTS);
}

describe('places of what is gone', () => {
  it('draws what is still there where it is now', () => {
    const places = ghostPlaces(sceneOf({ a: { x: 500, y: 0 } }), sceneOf({ a: { x: 0, y: 0 } }));
    expect(places.get('a')).toEqual({ x: 500, y: 0 });
  });

  it('draws what is gone where it was, when that is free', () => {
    const places = ghostPlaces(sceneOf({ a: { x: 500, y: 0 } }), sceneOf({ b: { x: 0, y: 0 } }));
    expect(places.get('b')).toEqual({ x: 0, y: 0 });
  });

  it('moves aside from a layer that took the place', () => {
    const places = ghostPlaces(sceneOf({ a: { x: 0, y: 0 } }), sceneOf({ b: { x: 40, y: 0 } }));
    expect(places.get('b')?.x).toBe(40);
    expect(Math.abs(places.get('b')?.y ?? 0)).toBeGreaterThan(92);
  });
});
