import { describe, expect, it } from 'vitest';
import { portsFor, residual } from '../document/testDocument';
import { inPlaceOf, partOf } from './part';
import { makeScene } from './scene';

const document = residual();
const scene = makeScene(document, null, document.graph, portsFor(document));

describe('tidying a part', () => {
  it('takes the chosen layers and the connections among them', () => {
    const part = partOf(scene, new Set(['conv', 'relu', 'add']));
    expect([...part.cards.keys()]).toEqual(['conv', 'relu', 'add']);
    expect(part.wires.map(({ id }) => id)).toEqual(['e2', 'e3', 'e4']);
  });

  it('puts the result where the part was', () => {
    const part = partOf(scene, new Set(['conv', 'relu']));
    const places = inPlaceOf(part, { conv: { x: 12, y: 12 }, relu: { x: 12, y: 132 } });
    expect(places).toEqual({ conv: { x: 240, y: 0 }, relu: { x: 240, y: 120 } });
  });
});
