import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import { EMPTY_HISTORY, record, redo, undo, type Gesture, type History } from './history';
import { newId } from './ids';
import type { Operation } from './operations';
import { readOperation, parseDocument } from './parse';
import { removeSelected } from './remove';
import { residual } from './testDocument';
import { makeNode, type Document } from './types';

const setWidth = (value: number): Operation => ({
  op: 'set_param',
  scope: null,
  node_id: 'conv',
  param: 'out_channels',
  is_set: true,
  value,
});

function perform(
  document: Document,
  history: History,
  operations: readonly Operation[],
  mergeKey: string | null = null,
  time_ms = 0,
): { document: Document; history: History } {
  const applied = applyOperations(document, operations);
  const gesture: Gesture = {
    label: 'Edit',
    forward: operations,
    backward: applied.inverses,
    mergeKey,
    time_ms,
  };
  return { document: applied.document, history: record(history, gesture) };
}

describe('history', () => {
  it('goes back through hundreds of random edits and forward again', () => {
    let state = { document: residual(), history: EMPTY_HISTORY };
    const seen: Document[] = [state.document];
    let random = 7;
    const next = (limit: number): number => {
      random = (random * 1103515245 + 12345) % 2147483648;
      return random % limit;
    };
    for (let index = 0; index < 300; index += 1) {
      const ids = Object.keys(state.document.graph.nodes);
      const picked = ids[next(ids.length)];
      const node = makeNode('ReLU', `relu_${String(index)}`);
      const add: Operation = {
        op: 'add_node',
        scope: null,
        node_id: newId(),
        node,
        position: { x: index, y: 0 },
      };
      const operations =
        picked === undefined || next(3) > 0
          ? [add]
          : removeSelected(state.document, null, { nodeIds: [picked], edgeIds: [] });
      state = perform(state.document, state.history, operations);
      seen.push(state.document);
    }
    for (const expected of seen.slice(0, -1).reverse()) {
      const step = undo(state.document, state.history);
      if (step?.kind !== 'step') throw new Error('undo was refused');
      expect(step.document).toEqual(expected);
      state = step;
    }
    expect(undo(state.document, state.history)).toBeNull();
    for (const expected of seen.slice(1)) {
      const step = redo(state.document, state.history);
      if (step?.kind !== 'step') throw new Error('redo was refused');
      expect(step.document).toEqual(expected);
      state = step;
    }
  });

  it('joins quick edits of one field, and only those', () => {
    const start = residual();
    let state = perform(start, EMPTY_HISTORY, [setWidth(1)], 'conv.width', 0);
    state = perform(state.document, state.history, [setWidth(16)], 'conv.width', 400);
    expect(state.history.past).toHaveLength(1);
    state = perform(state.document, state.history, [setWidth(17)], 'conv.width', 5000);
    expect(state.history.past).toHaveLength(2);
    const step = undo(state.document, state.history);
    expect(step?.kind === 'step' && step.document.graph.nodes['conv']?.params).toEqual({
      out_channels: 16,
    });
    const second = step?.kind === 'step' ? undo(step.document, step.history) : null;
    expect(second?.kind === 'step' && second.document).toEqual(start);
  });

  it('says when somebody else changed what a step touches, and drops the step', () => {
    const state = perform(residual(), EMPTY_HISTORY, [setWidth(16)]);
    const others = removeSelected(state.document, null, { nodeIds: ['conv'], edgeIds: [] });
    const document = applyOperations(state.document, others).document;
    const step = undo(document, state.history);
    expect(step).toMatchObject({ kind: 'refused', reason: 'There is no node “conv”.' });
    expect(step?.history.past).toEqual([]);
  });

  it('forgets what was undone once something new is done', () => {
    const first = perform(residual(), EMPTY_HISTORY, [setWidth(16)]);
    const step = undo(first.document, first.history);
    if (step?.kind !== 'step') throw new Error('undo was refused');
    const second = perform(step.document, step.history, [setWidth(32)]);
    expect(redo(second.document, second.history)).toBeNull();
  });
});

describe('parsing', () => {
  it('fills in what the server would', () => {
    const document = parseDocument({
      graph: { nodes: { a: { type: 'ReLU', name: 'relu' } } },
    });
    expect(document.graph.nodes['a']).toEqual(makeNode('ReLU', 'relu'));
    expect(document.view).toEqual({ positions: {}, frames: {} });
  });

  it('names the place of a mistake', () => {
    expect(() => parseDocument({ graph: { nodes: { a: { type: 'ReLU' } } } })).toThrow(
      'graph.nodes.a has no “name”',
    );
    expect(() => readOperation({ op: 'explode' }, 'operations[0]')).toThrow('“explode”');
  });
});
