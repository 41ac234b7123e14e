/** What saving is told and tells: edits in batches, the server's answers, the page around it. */

import type { Operation } from '../document/operations';
import type { Document } from '../document/types';
import type { Conflict, RevisionOperations } from './contract';

export type SaveState = 'saved' | 'waiting' | 'saving' | 'offline' | 'conflict' | 'refused';

export interface Batch {
  readonly operations: readonly Operation[];
  readonly gesture: string;
}

/** What this browser keeps of edits the server does not have yet. */
export interface Unsaved {
  readonly clientId: string;
  readonly baseRevision: number;
  readonly inFlight: Batch | null;
  readonly pending: readonly Batch[];
}

export type SendResult =
  | { readonly kind: 'saved'; readonly revision: number }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }
  | { readonly kind: 'offline' }
  /** The server broke down over it, which may not happen again. */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

export interface SaverPorts {
  send(batch: Batch, baseRevision: number, clientId: string): Promise<SendResult>;
  /** What was saved after a revision, oldest first; the oldest alone where that is much. */
  fetchSaves(since: number): Promise<readonly RevisionOperations[]>;
  /** Read the whole network again, where what was saved does not lead there. */
  fetchLatest(): Promise<{ readonly revision: number; readonly document: Document }>;
  keep(unsaved: Unsaved | null): void;
  /** The document with others' edits and ours on top. */
  adopt(document: Document): void;
  note(text: string): void;
  /** The person at this page: what the server did for them, outside of any page, is no news. */
  readonly ownName: string;
}

export interface SaverOptions {
  readonly delay_ms: number;
  readonly firstRetry_ms: number;
  readonly longestRetry_ms: number;
}

export interface SaverState {
  readonly state: SaveState;
  readonly revision: number;
  readonly reason: string;
  readonly conflict: Conflict | null;
  /** Whether this browser keeps what is not saved; without that, closing the page would lose it. */
  readonly isKept: boolean;
}
