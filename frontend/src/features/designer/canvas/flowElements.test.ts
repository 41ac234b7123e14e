import { describe, expect, it } from 'vitest';
import { applyOperations } from '../document/apply';
import { portsIn } from '../document/ports';
import { emptyDocument, makeNode, type Document, type Edge } from '../document/types';
import { arrange } from './arrangeStage';
import { FlowElements, type Part } from './flowElements';
import { COLUMN_STEP } from './geometry';
import { place } from './placeStage';
import type { Stage } from './stage';

const COUNT = 200;
const idAt = (index: number): string => `node${index}`;
const AREA = { x: 0, y: -50, width: 3 * COLUMN_STEP, height: 200 };
const NONE: ReadonlySet<string> = new Set();

/** A long row of layers, and one connection from the first to the last. */
function row(): Document {
  const empty = emptyDocument();
  const ids = Array.from({ length: COUNT }, (_, index) => idAt(index));
  const nodes = Object.fromEntries(ids.map((id) => [id, makeNode('ReLU', id)]));
  const edge = (from: string, to: string): Edge => ({
    source: { node: from, port: 'output' },
    target: { node: to, port: 'input' },
  });
  const edges = Object.fromEntries(
    ids.slice(1).map((id, index) => [`edge${index}`, edge(idAt(index), id)]),
  );
  const positions = Object.fromEntries(ids.map((id, index) => [id, { x: index * COLUMN_STEP, y: 0 }]));
  return {
    ...empty,
    graph: { ...empty.graph, nodes, edges: { ...edges, long: edge(idAt(0), idAt(COUNT - 1)) } },
    view: { ...empty.view, positions },
  };
}

const sourceOf = (document: Document) => ({
  document,
  scopeId: null,
  portsOf: portsIn(document, () => undefined),
  expanded: NONE,
  below: 0,
});

const partOf = (stage: Stage, rest: Partial<Part> = {}): Part => ({
  stage,
  area: AREA,
  chosen: { prefix: '', nodeIds: NONE, edgeIds: NONE, frameIds: NONE },
  page: '',
  pinned: NONE,
  dropTarget: null,
  crossed: null,
  ...rest,
});

describe('what React Flow is told of', () => {
  it('is what is near, with what it is connected to', () => {
    const stage = place(arrange(sourceOf(row())));
    const { nodes, edges } = new FlowElements().elementsFor(partOf(stage), false);
    const last = idAt(COUNT - 1);
    expect(nodes.map(({ id }) => id)).toEqual([0, 1, 2, 3].map(idAt).concat(last));
    expect(edges.map(({ id }) => id)).toEqual(['edge0', 'edge1', 'edge2', 'long']);
  });

  it('keeps what is selected or held, wherever it is', () => {
    const stage = place(arrange(sourceOf(row())));
    const chosen = { prefix: '', nodeIds: new Set([idAt(90)]), edgeIds: NONE, frameIds: NONE };
    const part = partOf(stage, { chosen, pinned: new Set([idAt(120)]) });
    const { nodes } = new FlowElements().elementsFor(part, false);
    expect(nodes.map(({ id }) => id)).toEqual(
      expect.arrayContaining([idAt(90), idAt(120)]),
    );
    expect(nodes).toHaveLength(7);
  });
});

describe('a stage after a move', () => {
  it('keeps every card and wire that did not move', () => {
    const document = row();
    const arranged = arrange(sourceOf(document));
    const stage = place(arranged);
    const moved = applyOperations(document, [
      { op: 'move_nodes', positions: { [idAt(100)]: { x: 100 * COLUMN_STEP, y: 400 } } },
    ]).document;
    const after = place(arrange(sourceOf(moved), arranged), undefined, { arranged, stage });
    const changed = [...after.all.cards.values()].filter(
      (card) => stage.all.cards.get(card.id) !== card,
    );
    expect(changed.map(({ id }) => id)).toEqual([idAt(100)]);
    const fresh = place(arrange(sourceOf(moved)));
    expect(after.all.wires.map(({ curve }) => curve)).toEqual(fresh.all.wires.map(({ curve }) => curve));
    const rewired = after.all.wires.filter((wire, index) => stage.all.wires[index] !== wire);
    expect(rewired.map(({ id }) => id)).toEqual(['edge99', 'edge100']);
  });

  it('is the same scene when nothing moved', () => {
    const document = row();
    const arranged = arrange(sourceOf(document));
    const stage = place(arranged);
    const again = place(arrange(sourceOf({ ...document }), arranged), undefined, { arranged, stage });
    expect(again.all.cards).toBe(stage.all.cards);
    expect(again.all.wires).toBe(stage.all.wires);
  });

  it('makes a drag anew as the document would', () => {
    const document = row();
    const arranged = arrange(sourceOf(document));
    const stage = place(arranged);
    const to = { x: 2 * COLUMN_STEP, y: 300 };
    const dragged = place(arranged, new Map([[idAt(2), to]]), { arranged, stage });
    expect(dragged.all.cards.get(idAt(2))).toMatchObject(to);
    expect(dragged.all.cards.get(idAt(3))).toBe(stage.all.cards.get(idAt(3)));
    const rewired = dragged.all.wires.filter((wire, index) => stage.all.wires[index] !== wire);
    expect(rewired.map(({ id }) => id)).toEqual(['edge1', 'edge2']);
  });
});
