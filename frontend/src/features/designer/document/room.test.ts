import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import { dissolveBlock } from './dissolveBlock';
import { insertOnEdge, moveOntoEdge } from './insert';
import type { Operation } from './operations';
import { withRoom } from './room';
import { edge, portsFor, SPACING } from './testDocument';
import { emptyDocument, makeNode, type Document, type Position } from './types';

const STEP = SPACING.step_px;
const ROW = 152;

/** A chain `n0 > n1 > …` wrapped into rows. */
function wrapped(count: number, inRow: number): Document {
  const ids = Array.from({ length: count }, (_, index) => `n${String(index)}`);
  return applyOperations(emptyDocument(), [
    ...ids.map((node_id, index): Operation => ({
      op: 'add_node',
      scope: null,
      node_id,
      node: makeNode('ReLU', node_id),
      position: { x: (index % inRow) * STEP, y: Math.floor(index / inRow) * ROW },
    })),
    ...ids.slice(1).map((id, index): Operation => ({
      op: 'add_edge',
      scope: null,
      edge_id: `e${String(index)}`,
      edge: edge(`n${String(index)}`, id),
    })),
  ]).document;
}

/** Pairs of nodes of the top level whose cards lie on each other. */
function covered({ graph, view }: Document): string[] {
  const cards = Object.keys(graph.nodes).map((id) => [id, view.positions[id]!] as const);
  const lieOn = (a: Position, b: Position): boolean =>
    Math.abs(a.x - b.x) < SPACING.width_px && Math.abs(a.y - b.y) < 92;
  return cards.flatMap(([id, place], index) =>
    cards.slice(index + 1).flatMap(([other, at]) => (lieOn(place, at) ? [`${id} ${other}`] : [])),
  );
}

function inserted(before: Document, edgeId: string): { after: Document; place: Position } {
  const wanted = makeNode('ReLU', 'new');
  const insertion = insertOnEdge(before, null, edgeId, wanted, portsFor(before), SPACING);
  const after = applyOperations(before, insertion!.operations).document;
  return { after, place: after.view.positions[insertion!.nodeId]! };
}

/** A frame around one node, with 24 px on all sides. */
function framed(document: Document, id: string): Document {
  const { x, y } = document.view.positions[id]!;
  const frame = { title: '', text: '', hue: 0, scope: null, width_px: 224, height_px: 140 };
  return applyOperations(document, [
    { op: 'set_frame', frame_id: 'frame', frame: { ...frame, x: x - 24, y: y - 24 } },
  ]).document;
}

describe('a layer on a connection', () => {
  it('never lies on another, wherever in a wrapped chain it goes', () => {
    let document = wrapped(30, 6);
    for (let round = 0; round < 60; round += 1) {
      const ids = Object.keys(document.graph.edges);
      document = inserted(document, ids[(round * 7) % ids.length]!).after;
      expect(covered(document)).toEqual([]);
    }
  });

  it('makes the row one longer at its end, and moves nothing', () => {
    const before = wrapped(12, 6);
    const { after, place } = inserted(before, 'e5');
    expect(place).toEqual({ x: 6 * STEP, y: 0 });
    expect(after.view.positions).toMatchObject(before.view.positions);
  });

  it('goes below a row that would be too long, and the rows below give way', () => {
    const before = wrapped(30, 15);
    const { after, place } = inserted(before, 'e14');
    expect(place).toEqual({ x: 0, y: ROW });
    expect(after.view.positions['n14']).toEqual(before.view.positions['n14']);
    expect(after.view.positions['n15']).toEqual({ x: 0, y: 2 * ROW });
    expect(after.view.positions['n29']).toEqual({ x: 14 * STEP, y: 2 * ROW });
  });

  it('takes along the frames of what gives way', () => {
    const before = framed(wrapped(4, 4), 'n2');
    const { after } = inserted(before, 'e1');
    const { x } = after.view.positions['n2']!;
    expect(x).toBe(3 * STEP);
    expect(after.view.frames['frame']).toMatchObject({ x: x - 24, y: -24, width_px: 224 });
  });

  it('leaves the place where it was dropped', () => {
    const before = applyOperations(wrapped(12, 6), [
      { op: 'add_node', scope: null, node_id: 'loose', node: makeNode('ReLU', 'loose'), position: { x: 300, y: 20 } },
    ]).document;
    const operations = moveOntoEdge(before, null, 'e1', 'loose', portsFor(before), SPACING);
    const after = applyOperations(before, operations!).document;
    expect(after.view.positions['loose']).toEqual({ x: 2 * STEP, y: 0 });
    expect(covered(after)).toEqual([]);
  });
});

describe('the layers of a dissolved block', () => {
  function withBlock(instance: string, count: number, inRow: number): Document {
    const inner = wrapped(count, inRow);
    const block = {
      name: 'Stage',
      nodes: Object.fromEntries(
        Object.entries(inner.graph.nodes).map(([id, node]) => [`b${id}`, node]),
      ),
      edges: {},
      inputs: [],
      outputs: [],
      exposed: {},
    };
    const positions = Object.fromEntries(
      Object.entries(inner.view.positions).map(([id, place]) => [`b${id}`, place]),
    );
    const before = wrapped(18, 6);
    const { name } = before.graph.nodes[instance]!;
    const touching = Object.entries(before.graph.edges).filter(
      ([, { source, target }]) => source.node === instance || target.node === instance,
    );
    return applyOperations(before, [
      ...touching.map(([edge_id]): Operation => ({ op: 'remove_edge', scope: null, edge_id })),
      { op: 'remove_node', scope: null, node_id: instance },
      { op: 'add_block', block_id: 'stage', block, positions },
      {
        op: 'add_node',
        scope: null,
        node_id: instance,
        node: makeNode('Block', name, { block: 'stage' }),
        position: before.view.positions[instance]!,
      },
    ]).document;
  }

  function dissolved(before: Document, instance: string): Document {
    const edit = dissolveBlock(before, null, instance, SPACING, () => true);
    if ('refused' in edit) throw new Error(edit.refused);
    return applyOperations(before, edit.operations).document;
  }

  it('open up the row and the rows below', () => {
    const before = withBlock('n7', 6, 3);
    const after = dissolved(before, 'n7');
    expect(covered(after)).toEqual([]);
    expect(after.view.positions['bn0']).toEqual(before.view.positions['n7']);
    expect(after.view.positions['n8']).toEqual({ x: 4 * STEP, y: ROW });
    expect(after.view.positions['n12']).toEqual({ x: 0, y: 3 * ROW });
  });

  it('get rows of their own where the row would be too long', () => {
    const after = dissolved(withBlock('n7', 24, 12), 'n7');
    expect(covered(after)).toEqual([]);
    expect(after.view.positions['n6']).toEqual({ x: 0, y: ROW });
    expect(after.view.positions['bn0']).toEqual({ x: 0, y: 2 * ROW });
    expect(after.view.positions['n8']!.y).toBe(4 * ROW);
  });
});

describe('withRoom', () => {
  it('finds a free place for what is added beside a card', () => {
    const before = wrapped(12, 6);
    const operations: Operation[] = [
      {
        op: 'add_node',
        scope: null,
        node_id: 'out',
        node: makeNode('Output', 'out'),
        position: { x: 2 * STEP, y: 0 },
      },
    ];
    const after = applyOperations(before, withRoom(before, operations, SPACING)).document;
    expect(covered(after)).toEqual([]);
    expect(after.view.positions['out']).toEqual({ x: 2 * STEP, y: 2 * ROW });
  });
});
