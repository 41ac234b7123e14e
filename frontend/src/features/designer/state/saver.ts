/**
 * Saving without being asked: edits are sent in batches, kept in this browser until the server
 * has them, and put on top of what others saved meanwhile.
 */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { tryOperations } from '../document/apply';
import { newId } from '../document/ids';
import type { Operation } from '../document/operations';
import { isSameData } from '../document/records';
import type { Document } from '../document/types';
import { documentAfter, nextBatch } from './batches';
import type { Conflict, RevisionOperations } from './contract';
import { mergedText } from './mergedText';
import type {
  Batch,
  SaverOptions,
  SaverPorts,
  SaverState,
  SaveState,
  SendResult,
  Unsaved,
} from './saverPorts';

const DEFAULTS: SaverOptions = { delay_ms: 500, firstRetry_ms: 1000, longestRetry_ms: 15_000 };
/** Then it is the edits that the server cannot take. */
const MOST_BROKEN = 3;
const NOT_KEPT =
  'This browser has no room left to keep edits. Leave this page open until they are saved.';

export class Saver {
  readonly store: StoreApi<SaverState>;
  readonly clientId: string = newId();
  private readonly ports: SaverPorts;
  private readonly options: SaverOptions;
  /** The network as the server has it at `revision`. */
  private base: Document;
  /** The base that unsaved edits were made on, while `base` is newer and they do not fit on it. */
  private fork: Document | null = null;
  private pending: Batch[] = [];
  private inFlight: Batch | null = null;
  private inFlightClient: string;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retry_ms: number;
  /** The newest revision somebody told us about while one of ours was under way. */
  private heardOf = 0;
  /** How often in a row the server broke down over the batch under way. */
  private numBroken = 0;
  private isStopped = false;

  constructor(
    base: Document,
    revision: number,
    ports: SaverPorts,
    options: Partial<SaverOptions> = {},
  ) {
    this.base = base;
    this.ports = ports;
    this.options = { ...DEFAULTS, ...options };
    this.retry_ms = this.options.firstRetry_ms;
    this.inFlightClient = this.clientId;
    this.store = createStore<SaverState>(() => ({
      state: 'saved',
      revision,
      reason: '',
      conflict: null,
      isKept: true,
    }));
  }

  get revision(): number {
    return this.store.getState().revision;
  }

  /** What this page and the others began with, for a merge of their edits. */
  get mergeBase(): Document {
    return this.fork ?? this.base;
  }

  get hasUnsaved(): boolean {
    return this.inFlight !== null || this.pending.length > 0;
  }

  /** Take an edit. It is in this browser's storage before the next event is handled. */
  push(operations: readonly Operation[], gesture: string): void {
    this.pending.push({ operations, gesture });
    this.keepDraft();
    const { state } = this.store.getState();
    if (state === 'conflict' || state === 'refused') return;
    if (this.inFlight === null && state !== 'offline') this.setState('waiting');
    if (state !== 'offline') this.schedule(this.options.delay_ms);
  }

  /** Put edits of an earlier visit back, the part that was under way first. */
  resume(unsaved: Unsaved): void {
    this.inFlight = unsaved.inFlight;
    this.inFlightClient = unsaved.clientId;
    this.pending = [...unsaved.pending, ...this.pending];
    this.store.setState({ revision: unsaved.baseRevision });
    this.keepDraft();
    this.schedule(0);
  }

  /** This browser took the last draft, or could not. */
  draftKept(isKept: boolean): void {
    if (this.store.getState().isKept === isKept) return;
    this.store.setState({ isKept });
    if (!isKept) this.ports.note(NOT_KEPT);
  }

  /** Send what is waiting now: the page is being hidden, or the person asked. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.send();
  }

  /** Ask once more to have refused edits taken: what stood in their way may be gone. */
  sendAgain(): void {
    if (this.store.getState().state !== 'refused') return;
    this.numBroken = MOST_BROKEN - 1;
    this.setState('waiting');
    void this.flush();
  }

  /** Others saved something. */
  receive(save: RevisionOperations): void {
    if (save.revision <= this.revision) return;
    // Our own save, whose answer is still on its way.
    if (save.client_id === this.clientId) return;
    // While one of ours is under way the server answers with a conflict that holds both sides.
    if (this.inFlight !== null) {
      this.heardOf = Math.max(this.heardOf, save.revision);
      return;
    }
    if (save.revision !== this.revision + 1) {
      void this.catchUp();
      return;
    }
    const applied = tryOperations(this.base, save.operations);
    if ('refused' in applied) {
      void this.catchUp();
      return;
    }
    const isOwnAct = save.client_id === '' && save.author === this.ports.ownName;
    this.rebase(applied.document, save.revision, isOwnAct ? null : save.author);
  }

  /** Messages may have been missed: ask what was saved since. */
  async catchUp(): Promise<void> {
    if (this.isSending() || this.isStopped) return;
    const since = this.revision;
    const saves = await this.ports.fetchSaves(since).catch(() => []);
    const isOvertaken = this.isSending() || this.revision !== since;
    if (saves.length === 0 || isOvertaken) return;
    const document = documentAfter(this.base, since, saves);
    if (document === null) return this.readAgain();
    this.rebase(document, since + saves.length, null);
    // One answer holds so many.
    return this.catchUp();
  }

  private isSending(): boolean {
    return this.inFlight !== null;
  }

  private async readAgain(): Promise<void> {
    const latest = await this.ports.fetchLatest().catch(() => null);
    if (latest === null || latest.revision <= this.revision) return;
    this.rebase(latest.document, latest.revision, null);
  }

  /** Give up what cannot be saved and take the server's side. */
  discard(document: Document, revision: number): void {
    this.inFlight = null;
    this.pending = [];
    this.base = document;
    this.fork = null;
    this.retry_ms = this.options.firstRetry_ms;
    this.store.setState({ state: 'saved', revision, reason: '', conflict: null });
    this.keepDraft();
    this.ports.adopt(document);
  }

  start(): void {
    this.isStopped = false;
    if (this.hasUnsaved) this.schedule(this.options.delay_ms);
  }

  /** Send what is left and rest; what cannot be sent stays in this browser. */
  stop(): Promise<void> {
    clearTimeout(this.timer);
    const sent = this.send();
    // At once, so that a page that opens again right away is not stopped by this later.
    this.isStopped = true;
    return sent;
  }

  private unsavedBatches(): Batch[] {
    return this.inFlight === null ? [...this.pending] : [this.inFlight, ...this.pending];
  }

  private schedule(delay_ms: number): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.flush(), delay_ms);
  }

  private async send(): Promise<void> {
    const { state } = this.store.getState();
    const isBusy = state === 'saving' || state === 'conflict' || state === 'refused';
    if (isBusy || this.isStopped) return;
    if (this.inFlight === null) {
      const { batch, rest } = nextBatch(this.pending);
      this.inFlight = batch;
      this.pending = rest;
      this.inFlightClient = this.clientId;
    }
    if (this.inFlight === null) {
      this.setState('saved');
      return;
    }
    this.setState('saving');
    this.keepDraft();
    const batch = this.inFlight;
    const result = await this.ports.send(batch, this.revision, this.inFlightClient);
    this.settle(batch, result);
  }

  private settle(batch: Batch, result: SendResult): void {
    switch (result.kind) {
      case 'saved': {
        const applied = tryOperations(this.base, batch.operations);
        this.inFlight = null;
        this.retry_ms = this.options.firstRetry_ms;
        this.numBroken = 0;
        this.store.setState({ revision: result.revision, reason: '' });
        this.setState(this.pending.length > 0 ? 'waiting' : 'saved');
        this.keepDraft();
        if ('refused' in applied) void this.readAgain();
        else {
          this.base = applied.document;
          if (this.heardOf > result.revision) void this.catchUp();
        }
        if (this.pending.length > 0) this.schedule(this.options.delay_ms);
        return;
      }
      case 'broken':
        this.numBroken += 1;
        if (this.numBroken < MOST_BROKEN) {
          this.settle(batch, { kind: 'offline' });
          return;
        }
        this.numBroken = 0;
        this.settle(batch, { kind: 'refused', reason: result.reason });
        return;
      case 'offline':
        this.setState('offline');
        this.schedule(this.retry_ms);
        this.retry_ms = Math.min(this.retry_ms * 2, this.options.longestRetry_ms);
        return;
      case 'refused':
        this.store.setState({ reason: result.reason });
        this.setState('refused');
        return;
      case 'conflict':
        this.resolve(batch, result.conflict);
        return;
    }
  }

  /** Put our edits on top of the server's side when all of them fit, else ask the person. */
  private resolve(batch: Batch, conflict: Conflict): void {
    const isOurs = conflict.operations_since.some(
      (save) =>
        save.client_id === this.inFlightClient && isSameData(save.operations, batch.operations),
    );
    if (isOurs) this.inFlight = null;
    const batches = this.unsavedBatches();
    const operations = batches.flatMap((each) => each.operations);
    const applied = tryOperations(conflict.document, operations);
    if ('refused' in applied) {
      this.store.setState({ conflict, reason: applied.refused });
      this.setState('conflict');
      return;
    }
    this.inFlight = null;
    this.pending = batches;
    this.base = conflict.document;
    this.store.setState({ revision: conflict.revision });
    this.setState(batches.length > 0 ? 'waiting' : 'saved');
    this.keepDraft();
    this.ports.adopt(applied.document);
    const others = conflict.operations_since.filter((save) => save.client_id !== this.clientId);
    if (others.length > 0) this.ports.note(mergedText(others, operations, applied.document));
    if (batches.length > 0) this.schedule(0);
  }

  private rebase(document: Document, revision: number, author: string | null): void {
    const operations = this.pending.flatMap((batch) => batch.operations);
    const applied = tryOperations(document, operations);
    if ('refused' in applied) this.fork ??= this.base;
    this.base = document;
    this.store.setState({ revision });
    if ('refused' in applied) {
      const conflict = { revision, document, operations_since: [] };
      this.store.setState({ conflict, reason: applied.refused });
      this.setState('conflict');
      return;
    }
    this.ports.adopt(applied.document);
    if (author !== null) this.ports.note(`${author} changed this network; you see the result.`);
  }

  private keepDraft(): void {
    this.ports.keep(
      this.hasUnsaved
        ? {
            clientId: this.inFlightClient,
            baseRevision: this.revision,
            inFlight: this.inFlight,
            pending: this.pending,
          }
        : null,
    );
  }

  private setState(state: SaveState): void {
    if (this.store.getState().state !== state) this.store.setState({ state });
  }
}
