import { describe, expect, it } from 'vitest';
import { emptyDocument } from '../document/types';
import { Comparing, stepsOf } from './comparing';
import type { Comparison } from './historyApi';

const comparison: Comparison = {
  is_same: false,
  is_layout_changed: false,
  nodes: [
    { kind: 'changed', scope: null, node_id: 'a', name: 'a', type: 'ReLU', values: [], place: '' },
    { kind: 'removed', scope: 'b', node_id: 'c', name: 'c', type: 'ReLU', values: [], place: '' },
  ],
  edges: [
    { kind: 'added', scope: null, edge_id: 'e', source: 'a', target: 'd', is_implied: false },
    { kind: 'added', scope: 'b', edge_id: 'f', source: 'c', target: 'd', is_implied: true },
  ],
  lines: [],
};

describe('comparing', () => {
  it('walks through layers, then through connections that no layer explains', () => {
    expect(stepsOf(comparison).map(({ nodeId, edgeId }) => nodeId ?? edgeId)).toEqual([
      'a',
      'c',
      'e',
    ]);
  });

  it('goes around the end in both directions', () => {
    const comparing = new Comparing();
    const before = { revision: 0 };
    comparing.begin(before, 'revision 0');
    comparing.show(before, comparison, emptyDocument());
    expect(comparing.move(-1)?.edgeId).toBe('e');
    expect(comparing.move(1)?.nodeId).toBe('a');
    expect(comparing.move(1)?.scope).toBe('b');
  });

  it('keeps the step when an edit brings a newer answer, as far as there is one', () => {
    const comparing = new Comparing();
    const before = { revision: 0 };
    comparing.begin(before, 'revision 0');
    comparing.show(before, comparison, emptyDocument());
    comparing.goTo(2);
    comparing.show(before, { ...comparison, edges: [] }, emptyDocument());
    expect(comparing.store.getState().at).toBe(1);
  });

  it('ignores an answer for a comparison that was left', () => {
    const comparing = new Comparing();
    const before = { revision: 0 };
    comparing.begin(before, 'revision 0');
    comparing.leave();
    comparing.show(before, comparison, emptyDocument());
    expect(comparing.store.getState().comparison).toBeNull();
  });
});
