/** The analysis of what is on the canvas now, keyed by node, a moment after each edit. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { isSameData, lookup } from '../document/records';
import { NO_PROBLEMS, pinProblems, type PinnedProblems } from './problems';
import type { Document, Graph } from '../document/types';
import type { Analysis, NodeAnalysis } from './contract';

export interface AnalysisState {
  readonly analysis: Analysis | null;
  /** By path; a node that came out the same keeps its object, so that only changed cards draw. */
  readonly nodes: Readonly<Record<string, NodeAnalysis>>;
  readonly problems: PinnedProblems;
  /** An edit was made that this analysis does not know yet. */
  readonly isStale: boolean;
}

const DEBOUNCE_MS = 60;
const RETRY_MS = 3000;

interface Asked {
  readonly graph: Graph;
  readonly budgets: Document['view']['budgets'];
  readonly datasetId: string | null;
}

type Analyze = (
  document: Document,
  datasetId: string | null,
  signal: AbortSignal,
) => Promise<Analysis>;

export class LiveAnalysis {
  readonly store: StoreApi<AnalysisState>;
  private readonly analyze: Analyze;
  private asked: Asked | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private controller: AbortController | null = null;

  constructor(analyze: Analyze) {
    this.analyze = analyze;
    this.store = createStore<AnalysisState>(() => ({
      analysis: null,
      nodes: {},
      problems: NO_PROBLEMS,
      isStale: true,
    }));
  }

  /** Take an answer that came with the network itself. */
  accept(analysis: Analysis, { graph, view }: Document, datasetId: string | null): void {
    this.asked = { graph, budgets: view.budgets, datasetId };
    this.apply(analysis);
  }

  /** Analyse soon, unless only the drawing changed. An older request is given up. */
  request(document: Document, datasetId: string | null): void {
    const { graph, view } = document;
    const { asked } = this;
    if (
      asked?.graph === graph &&
      asked.datasetId === datasetId &&
      asked.budgets === view.budgets
    ) {
      return;
    }
    this.asked = { graph, budgets: view.budgets, datasetId };
    if (!this.store.getState().isStale) this.store.setState({ isStale: true });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(document, datasetId), DEBOUNCE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.controller?.abort();
  }

  private async run(document: Document, datasetId: string | null): Promise<void> {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    try {
      const analysis = await this.analyze(document, datasetId, controller.signal);
      if (!controller.signal.aborted) this.apply(analysis);
    } catch {
      // Aborted by a newer edit, or the server is away: what is shown stays marked as stale.
      if (controller.signal.aborted) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.run(document, datasetId), RETRY_MS);
    }
  }

  private apply(analysis: Analysis): void {
    const before = this.store.getState();
    const nodes = Object.fromEntries(
      Object.entries(analysis.nodes).map(([path, node]) => {
        const old = lookup(before.nodes, path);
        return [path, old !== undefined && isSameData(old, node) ? old : node];
      }),
    );
    this.store.setState({
      analysis,
      nodes,
      problems: pinProblems(analysis.diagnostics, before.problems),
      isStale: false,
    });
  }
}
