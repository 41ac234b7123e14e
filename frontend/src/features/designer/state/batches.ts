/** Edits as they are sent and put on a document again: in batches, each of a gesture or several. */

import { applyOperations, tryOperations } from '../document/apply';
import type { Operation } from '../document/operations';
import type { Document } from '../document/types';
import type { RevisionOperations } from './contract';
import type { Batch, Unsaved } from './saverPorts';

const MAX_BATCH = 20_000;

/** As much of what waits as one request takes, as one batch, and the rest. */
export function nextBatch(pending: readonly Batch[]): { batch: Batch | null; rest: Batch[] } {
  if (pending.length === 0) return { batch: null, rest: [] };
  const operations: Operation[] = [];
  const gestures: string[] = [];
  let taken = 0;
  for (const batch of pending) {
    if (taken > 0 && operations.length + batch.operations.length > MAX_BATCH) break;
    operations.push(...batch.operations);
    if (gestures.at(-1) !== batch.gesture) gestures.push(batch.gesture);
    taken += 1;
  }
  const batch = { operations, gesture: gestures.join('; ').slice(0, 120) };
  return { batch, rest: pending.slice(taken) };
}

/** The document after saves that follow a revision; null where one is missing or does not fit. */
export function documentAfter(
  base: Document,
  since: number,
  saves: readonly RevisionOperations[],
): Document | null {
  if (saves.some((save, index) => save.revision !== since + index + 1)) return null;
  const applied = tryOperations(
    base,
    saves.flatMap(({ operations }) => operations),
  );
  return 'refused' in applied ? null : applied.document;
}

/** The document with edits of an earlier visit, or why they do not fit. */
export function withUnsaved(document: Document, unsaved: Unsaved): Document {
  const batches =
    unsaved.inFlight === null ? unsaved.pending : [unsaved.inFlight, ...unsaved.pending];
  return applyOperations(
    document,
    batches.flatMap((batch) => batch.operations),
  ).document;
}
