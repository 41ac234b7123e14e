import { describe, expect, it } from 'vitest';
import { framesHolding } from './frames';
import { emptyDocument, type Document } from './types';

const card = (x: number, y: number) => ({ x, y, width: 176, height: 92 });

function framed(scope: string | null = null): Document {
  const document = emptyDocument();
  const frame = { title: '', text: '', hue: 0, x: -20, y: -40, width_px: 440, height_px: 160, scope };
  return { ...document, view: { ...document.view, frames: { f: frame } } };
}

describe('framesHolding', () => {
  const before = new Map([['a', card(0, 0)], ['b', card(220, 0)], ['out', card(600, 0)]]);

  it('keeps its margins around what it held, wherever that goes', () => {
    const after = new Map([['a', card(300, 200)], ['b', card(300, 400)], ['out', card(0, 0)]]);
    const [moved] = framesHolding(framed(), null, before, after);
    expect(moved).toMatchObject({
      op: 'set_frame',
      frame: { x: 280, y: 160, width_px: 220, height_px: 360 },
    });
  });

  it('stays where nothing of it moved, and in other scopes', () => {
    const after = new Map([...before, ['out', card(900, 0)]]);
    expect(framesHolding(framed(), null, before, after)).toEqual([]);
    const all = new Map([...before].map(([id, each]) => [id, { ...each, x: each.x + 50 }]));
    expect(framesHolding(framed('block'), null, before, all)).toEqual([]);
    expect(framesHolding(framed(), null, before, all)).toHaveLength(1);
  });
});
