/** What is being compared on the canvas, and which difference is looked at. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Document } from '../document/types';
import type { Comparison, DifferenceKind, NetworkState } from './historyApi';

/** A difference with a place on the canvas. */
export interface Step {
  readonly kind: DifferenceKind;
  readonly scope: string | null;
  readonly nodeId: string | null;
  readonly edgeId: string | null;
}

export interface ComparingState {
  /** The earlier state that the present one is compared with; null while nothing is. */
  readonly before: NetworkState | null;
  readonly label: string;
  readonly document: Document | null;
  readonly comparison: Comparison | null;
  readonly steps: readonly Step[];
  /** -1 before the first step. */
  readonly at: number;
}

const NOTHING: ComparingState = {
  before: null,
  label: '',
  document: null,
  comparison: null,
  steps: [],
  at: -1,
};

export class Comparing {
  readonly store: StoreApi<ComparingState> = createStore<ComparingState>(() => NOTHING);

  begin(before: NetworkState, label: string): void {
    this.store.setState({ ...NOTHING, before, label });
  }

  /** The answer, also a newer one after an edit: the step stays where it was. */
  show(before: NetworkState, comparison: Comparison, document: Document): void {
    if (this.store.getState().before !== before) return;
    const steps = stepsOf(comparison);
    this.store.setState(({ at }) => ({
      comparison,
      document,
      steps,
      at: Math.min(at, steps.length - 1),
    }));
  }

  leave(): void {
    this.store.setState(NOTHING);
  }

  /** Go on by one, or back, around the end. */
  move(by: 1 | -1): Step | null {
    const { steps, at } = this.store.getState();
    if (steps.length === 0) return null;
    const from = at === -1 && by === -1 ? 0 : at;
    return this.goTo((from + by + steps.length) % steps.length);
  }

  goTo(at: number): Step | null {
    this.store.setState({ at });
    return this.store.getState().steps[at] ?? null;
  }
}

/** Layers first, in the order of the flow; then connections that no layer explains. */
export function stepsOf({ nodes, edges }: Comparison): readonly Step[] {
  return [
    ...nodes.map(({ kind, scope, node_id: nodeId }) => ({ kind, scope, nodeId, edgeId: null })),
    ...edges
      .filter((edge) => !edge.is_implied)
      .map(({ kind, scope, edge_id: edgeId }) => ({ kind, scope, nodeId: null, edgeId })),
  ];
}
