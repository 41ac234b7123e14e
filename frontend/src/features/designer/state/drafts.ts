/**
 * Unsaved edits, kept in this browser per person, network and tab until the server has them.
 *
 * A tab that was killed leaves its draft behind; the next page that opens the network takes it.
 */

import { createStore, del, entries, set, type UseStore } from 'idb-keyval';
import { parseOperations } from '../document/parse';
import { listOf, need, nullable, readFields, readNumber, readString } from '../document/reader';
import type { Batch, Unsaved } from './saverPorts';

const ANSWER_WITHIN_MS = 150;

interface StoredDraft {
  readonly unsaved: Unsaved;
  readonly time: number;
}

const readBatch = (value: unknown, path: string): Batch => {
  const fields = readFields(value, path);
  return {
    operations: parseOperations(fields.get('operations')),
    gesture: need(fields, path, 'gesture', readString),
  };
};

function readDraft(value: unknown): StoredDraft {
  const fields = readFields(value, 'draft');
  const unsaved = readFields(fields.get('unsaved'), 'draft.unsaved');
  return {
    time: need(fields, 'draft', 'time', readNumber),
    unsaved: {
      clientId: need(unsaved, 'draft', 'clientId', readString),
      baseRevision: need(unsaved, 'draft', 'baseRevision', readNumber),
      inFlight: need(unsaved, 'draft', 'inFlight', nullable(readBatch)),
      pending: need(unsaved, 'draft', 'pending', listOf(readBatch)),
    },
  };
}

export class DraftBox {
  private readonly prefix: string;
  private readonly tabId: string;
  private readonly store: UseStore;
  private readonly channelName: string;

  private readonly onKept: (isKept: boolean) => void;

  /** `onKept` hears after every write whether this browser took it. */
  constructor(
    personId: string,
    networkId: string,
    tabId: string,
    onKept: (isKept: boolean) => void = () => {},
  ) {
    this.onKept = onKept;
    this.prefix = `${personId}/${networkId}/`;
    this.tabId = tabId;
    this.store = createStore('netloom-drafts', 'drafts');
    this.channelName = `netloom-drafts/${this.prefix}`;
  }

  /** Tell other tabs that this one is alive, until the returned function is called. */
  listen(): () => void {
    const channel = new BroadcastChannel(this.channelName);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === 'who') channel.postMessage(this.tabId);
    };
    return () => channel.close();
  }

  /** Writes are ordered by the database, so the last one stands. */
  async keep(unsaved: Unsaved | null): Promise<boolean> {
    const key = this.prefix + this.tabId;
    const written =
      unsaved === null
        ? del(key, this.store)
        : set(key, { unsaved, time: Date.now() } satisfies StoredDraft, this.store);
    // A private window may have no storage, and a disk no room: saving to the server goes on
    // without a net, and the person is told.
    const isKept = await written.then(
      () => true,
      (error: unknown) => {
        console.warn('The draft could not be kept.', error);
        return false;
      },
    );
    this.onKept(isKept || unsaved === null);
    return isKept;
  }

  /** Take what tabs that are gone have left, oldest first, as one. */
  async claim(): Promise<Unsaved | null> {
    const all = await entries<string, unknown>(this.store).catch(() => []);
    const left = all.filter(([key]) => key.startsWith(this.prefix) && !key.endsWith(this.tabId));
    if (left.length === 0) return null;
    const alive = await this.aliveTabs();
    const orphans = left.filter(([key]) => !alive.has(key.slice(this.prefix.length)));
    const drafts = orphans.map(([, value]) => readDraft(value)).sort((a, b) => a.time - b.time);
    const [first, ...rest] = drafts.map((draft) => draft.unsaved);
    if (first === undefined) return null;
    const later = rest.flatMap(({ inFlight, pending }) =>
      inFlight === null ? pending : [inFlight, ...pending],
    );
    const unsaved = { ...first, pending: [...first.pending, ...later] };
    // What was left goes only once it is kept under this tab's name.
    if (await this.keep(unsaved)) {
      for (const [key] of orphans) await del(key, this.store);
    }
    return unsaved;
  }

  private aliveTabs(): Promise<ReadonlySet<string>> {
    const alive = new Set<string>();
    const channel = new BroadcastChannel(this.channelName);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string' && data !== 'who') alive.add(data);
    };
    channel.postMessage('who');
    return new Promise((resolve) => {
      setTimeout(() => {
        channel.close();
        resolve(alive);
      }, ANSWER_WITHIN_MS);
    });
  }
}
