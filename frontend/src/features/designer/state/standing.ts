/** Where the weights of each layer stand while one edits: asked once for each edit, as one map. */

import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { http, type WeightStandings } from '@/api';
import { lookup } from '../document/records';
import type { Document, Graph } from '../document/types';
import { useDesigner } from './DesignerContext';

type Told = NonNullable<WeightStandings['nodes']>[string];
/** `trained`: the weights are of a run of this network rather than of a file. */
export type StandingKind = Told | 'trained';

interface StandingState {
  /** The file, or the run and its epoch. */
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
      const { weights, nodes } = await this.ask(document, controller.signal);
      if (controller.signal.aborted) return;
      this.hasWeights = weights != null;
      this.store.setState({
        source: weights?.source ?? '',
        nodes: weights?.origin === 'run' ? trainedHere(nodes) : nodes,
      });
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

function trainedHere(nodes: Readonly<Record<string, Told>>): Record<string, StandingKind> {
  return Object.fromEntries(
    Object.entries(nodes).map(([path, told]) => [path, told === 'pretrained' ? 'trained' : told]),
  );
}

/** Of every layer with weights, by path; empty while the network has none. */
export function useStandingNodes(): Readonly<Record<string, StandingKind>> {
  return useStore(useDesigner().standings.store, ({ nodes }) => nodes);
}

export function useStanding(path: string): StandingKind | undefined {
  return useStore(useDesigner().standings.store, ({ nodes }) => lookup(nodes, path));
}

const WORDS: Record<StandingKind, string> = {
  pretrained: 'pretrained',
  trained: 'trained here',
  changed: 'kept in part',
  new: 'start new',
};

export function standingWords(standing: StandingKind): string {
  return `weights ${WORDS[standing]}`;
}

/** For a table: `pretrained, frozen`; empty for a layer of a network that nobody has trained. */
export function weightsText(standing: StandingKind | undefined, isFrozen: boolean): string {
  const words = standing === undefined ? [] : [WORDS[standing]];
  return [...words, ...(isFrozen ? ['frozen'] : [])].join(', ');
}
