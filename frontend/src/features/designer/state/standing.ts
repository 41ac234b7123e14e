/** Where the weights of each layer stand while one edits: asked once for each edit, as one map. */

import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { http, type WeightStandings } from '@/api';
import { lookup } from '../document/records';
import type { Document, Graph } from '../document/types';
import { useDesigner } from './DesignerContext';

export type StandingKind = NonNullable<WeightStandings['nodes']>[string];

interface StandingState {
  readonly source: string;
  /** By path; empty while the network has no weights. */
  readonly nodes: Readonly<Record<string, StandingKind>>;
}

type Ask = (document: Document, signal: AbortSignal) => Promise<WeightStandings>;

const DEBOUNCE_MS = 300;
const NOTHING: StandingState = { source: '', nodes: {} };

export class Standings {
  readonly store: StoreApi<StandingState> = createStore<StandingState>(() => NOTHING);
  private readonly ask: Ask;
  private asked: Graph | null = null;
  private hasWeights = true;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private controller: AbortController | null = null;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** Ask soon, unless only the drawing changed or there are no weights to compare with. */
  request(document: Document): void {
    if (this.asked === document.graph || !this.hasWeights) return;
    const wait = this.asked === null ? 0 : DEBOUNCE_MS;
    this.asked = document.graph;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(document), wait);
  }

  /** Weights have come in. */
  refresh(document: Document): void {
    this.asked = null;
    this.hasWeights = true;
    this.request(document);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.controller?.abort();
  }

  private async run(document: Document): Promise<void> {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    try {
      const { weight_set_id: id, source, nodes } = await this.ask(
        document,
        controller.signal,
      );
      if (controller.signal.aborted) return;
      this.hasWeights = id != null;
      this.store.setState({ source, nodes });
    } catch {
      // A newer edit asks again, and a mark that is old for a moment misleads nobody.
      if (this.asked === document.graph) this.asked = null;
    }
  }
}

export const standingsOf =
  (networkId: string): Ask =>
  (document, signal) =>
    http.post<WeightStandings>(`/api/networks/${networkId}/weight-standing`, { document }, signal);

export function useStanding(path: string): StandingKind | undefined {
  return useStore(useDesigner().standings.store, ({ nodes }) => lookup(nodes, path));
}

const WORDS: Record<StandingKind, string> = {
  pretrained: 'weights pretrained',
  changed: 'weights kept in part',
  new: 'weights start new',
};

export function standingWords(standing: StandingKind): string {
  return WORDS[standing];
}
