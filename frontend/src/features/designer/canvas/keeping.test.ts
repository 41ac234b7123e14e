import { describe, expect, it } from 'vitest';
import { withKey, withoutKey } from '../document/records';
import { portsFor, residual } from '../document/testDocument';
import type { Document, Scope } from '../document/types';
import { arrange } from './arrangeStage';
import { place } from './placeStage';

/** Numbers from 0 to 1, the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const start = residual();
const drawn = (document: Document) => ({
  document, scopeId: null, portsOf: portsFor(document), expanded: new Set<string>(), below: 0,
});

function withScope(document: Document, scope: Partial<Scope>): Document {
  return { ...document, graph: { ...document.graph, ...scope } };
}

function changed(document: Document, next: () => number): Document {
  const pick = <T,>(all: readonly T[]): T | undefined => all[Math.floor(next() * all.length)];
  const { nodes, edges } = document.graph;
  const kind = next();
  if (kind < 0.7) {
    const id = pick(Object.keys(nodes)) ?? '';
    const position = { x: Math.round(next() * 900), y: Math.round(next() * 400) };
    return { ...document, view: { ...document.view, positions: withKey(document.view.positions, id, position) } };
  }
  if (kind < 0.8) return withScope(document, { edges: withoutKey(edges, pick(Object.keys(edges)) ?? '') });
  if (kind < 0.85) return withScope(document, { nodes: withoutKey(nodes, pick(Object.keys(nodes)) ?? '') });
  return withScope(document, { nodes: start.graph.nodes, edges: start.graph.edges });
}

describe('what is kept of a drawing after an edit', () => {
  it('is what would be made anew', () => {
    const next = numbers(7);
    let document = start;
    let arranged = arrange(drawn(document));
    let stage = place(arranged);
    for (let step = 0; step < 300; step += 1) {
      document = changed(document, next);
      const before = { arranged, stage };
      arranged = arrange(drawn(document), before.arranged);
      stage = place(arranged, new Map(), before);
      const anew = place(arrange(drawn(document)));
      expect([...stage.all.cards]).toEqual([...anew.all.cards]);
      expect(stage.all.wires).toEqual(anew.all.wires);
    }
  });

  it('are the objects of all that did not move', () => {
    const arranged = arrange(drawn(start));
    const stage = place(arranged);
    const positions = withKey(start.view.positions, 'relu', { x: 333, y: 222 });
    const moved = arrange(drawn({ ...start, view: { ...start.view, positions } }), arranged);
    const after = place(moved, new Map(), { arranged, stage });
    const remade = [...after.all.cards].filter(([id, card]) => stage.all.cards.get(id) !== card);
    expect(remade.map(([id]) => id)).toEqual(['relu']);
    const kept = after.all.wires.filter((wire) => stage.all.wires.includes(wire));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ edge }) => edge.source.node !== 'relu' && edge.target.node !== 'relu')).toBe(true);
  });
});
