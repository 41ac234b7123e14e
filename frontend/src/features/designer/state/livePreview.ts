/**
 * What each layer gives for one sample, a moment after each edit, keyed by node path.
 *
 * One question is on its way at a time: a newer one gives the older up, here and on the server,
 * and the answer to an older one is never shown.
 */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { asProblem, type Job, type NodeActivation, type Preview, type PreviewQuestion } from '@/api';
import { isSameData, lookup } from '../document/records';
import type { Document, Graph } from '../document/types';

export type PreviewSample = NonNullable<PreviewQuestion['sample']>;
export type PreviewWeights = NonNullable<PreviewQuestion['weights']>;

export interface PreviewCheckpoint {
  readonly id: string;
  readonly run_id: string;
  readonly step: number;
  readonly epoch: number;
}

export interface PreviewState {
  readonly isOn: boolean;
  readonly sample: PreviewSample;
  readonly weights: PreviewWeights;
  /** By path; a node that came out the same keeps its object, so that only changed cards draw. */
  readonly nodes: Readonly<Record<string, NodeActivation>>;
  readonly notes: readonly string[];
  readonly checkpoint: PreviewCheckpoint | null;
  /** What is shown belongs to an older network, sample or weights. */
  readonly isStale: boolean;
  readonly problem: string | null;
  /** Counts answers, so that who looks closely knows to ask again. */
  readonly version: number;
}

export interface Answer {
  readonly job: Job;
  readonly preview: Preview;
}

export interface Question {
  readonly document: Document;
  readonly sample: PreviewSample;
  readonly weights: PreviewWeights;
  /** The one node to look at closely, and how. */
  readonly only?: string;
  readonly options?: PreviewQuestion['options'];
}

/** What the preview needs of the world. */
export interface PreviewPorts {
  /** Ask, wait and read; an abort gives the question up on the server as well. */
  ask(question: Question, signal: AbortSignal): Promise<Answer>;
}

const DEBOUNCE_MS = 60;
const RANDOM = { kind: 'random', seed: 0 } as const;

export class LivePreview {
  readonly store: StoreApi<PreviewState>;
  private readonly ports: PreviewPorts;
  private asked: Asked | null = null;
  private document: Document | null = null;
  private refreshes = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private controller: AbortController | null = null;

  constructor(ports: PreviewPorts) {
    this.ports = ports;
    this.store = createStore<PreviewState>(() => ({
      isOn: false,
      sample: RANDOM,
      weights: RANDOM,
      nodes: {},
      notes: [],
      checkpoint: null,
      isStale: true,
      problem: null,
      version: 0,
    }));
  }

  get state(): PreviewState {
    return this.store.getState();
  }

  toggle(): void {
    const isOn = !this.state.isOn;
    this.store.setState({ isOn });
    if (isOn) this.update();
    else this.stop();
  }

  choose(choice: Partial<Pick<PreviewState, 'sample' | 'weights'>>): void {
    this.store.setState(choice);
    this.update();
  }

  /** Take the document as it is drawn now; asks when it computes something else. */
  show(document: Document): void {
    this.document = document;
    this.update();
  }

  /** Ask again though nothing changed here: the run has newer weights. */
  refresh(): void {
    this.refreshes += 1;
    this.update();
  }

  /** Give up what is on its way, and let go of what was shown. */
  stop(): void {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.controller = null;
    this.asked = null;
    this.store.setState({ nodes: {}, notes: [], checkpoint: null, isStale: true, problem: null });
  }

  /** Look closely at one node with the sample and weights that are shown. */
  lookClosely(
    path: string,
    options: NonNullable<Question['options']>,
    signal: AbortSignal,
  ): Promise<Answer> | null {
    const { sample, weights } = this.state;
    if (this.document === null) return null;
    return this.ports.ask(
      { document: this.document, sample, weights, only: path, options },
      signal,
    );
  }

  private update(): void {
    const { isOn, sample, weights } = this.state;
    const document = this.document;
    if (!isOn || document === null) return;
    const question = { graph: document.graph, sample, weights, at: this.refreshes };
    if (this.asked !== null && isSameQuestion(this.asked, question)) return;
    this.asked = question;
    if (!this.state.isStale) this.store.setState({ isStale: true });
    clearTimeout(this.timer);
    // What is computed now is for nobody any more.
    this.controller?.abort();
    this.timer = setTimeout(() => void this.run(document, sample, weights), DEBOUNCE_MS);
  }

  private async run(
    document: Document,
    sample: PreviewSample,
    weights: PreviewWeights,
  ): Promise<void> {
    const controller = new AbortController();
    this.controller = controller;
    try {
      const answer = await this.ports.ask({ document, sample, weights }, controller.signal);
      if (!controller.signal.aborted) this.apply(answer);
    } catch (error) {
      if (!controller.signal.aborted) this.store.setState({ problem: asProblem(error).message });
    }
  }

  private apply({ job, preview }: Answer): void {
    const before = this.state.nodes;
    const nodes = Object.fromEntries(
      Object.entries(preview.nodes).map(([path, node]) => {
        const old = lookup(before, path);
        return [path, old !== undefined && isSameData(old, node) ? old : node];
      }),
    );
    this.store.setState({
      nodes,
      notes: preview.notes,
      checkpoint: readCheckpoint(job.result?.['checkpoint']),
      isStale: false,
      problem: null,
      version: this.state.version + 1,
    });
  }
}

interface Asked {
  readonly graph: Graph;
  readonly sample: PreviewSample;
  readonly weights: PreviewWeights;
  readonly at: number;
}

function isSameQuestion(a: Asked, b: Asked): boolean {
  return (
    a.graph === b.graph &&
    a.at === b.at &&
    isSameData(a.sample, b.sample) &&
    isSameData(a.weights, b.weights)
  );
}

function readCheckpoint(value: unknown): PreviewCheckpoint | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('id' in value && 'run_id' in value && 'step' in value && 'epoch' in value)) return null;
  const { id, run_id, step, epoch } = value;
  const isWhole =
    typeof id === 'string' &&
    typeof run_id === 'string' &&
    typeof step === 'number' &&
    typeof epoch === 'number';
  return isWhole ? { id, run_id, step, epoch } : null;
}
