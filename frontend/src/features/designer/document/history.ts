/**
 * Undo and redo: what this person did on this page, gesture by gesture, without a limit.
 *
 * A gesture holds operations that lead forward and back. Selection and viewport are not in it, and
 * neither is what others did.
 */

import { tryOperations } from './apply';
import type { Operation } from './operations';
import type { Document } from './types';

export interface Gesture {
  readonly label: string;
  readonly forward: readonly Operation[];
  readonly backward: readonly Operation[];
  /** Gestures of the same key that follow closely are one: typing a number, nudging by arrows. */
  readonly mergeKey: string | null;
  readonly time_ms: number;
}

export interface History {
  readonly past: readonly Gesture[];
  readonly future: readonly Gesture[];
}

export const EMPTY_HISTORY: History = { past: [], future: [] };

const MERGE_WITHIN_MS = 1000;

export function record(history: History, gesture: Gesture): History {
  const last = history.past.at(-1);
  const merges =
    last !== undefined &&
    gesture.mergeKey !== null &&
    last.mergeKey === gesture.mergeKey &&
    gesture.time_ms - last.time_ms < MERGE_WITHIN_MS;
  if (!merges) return { past: [...history.past, gesture], future: [] };
  const merged: Gesture = {
    ...gesture,
    forward: [...last.forward, ...gesture.forward],
    backward: [...gesture.backward, ...last.backward],
  };
  return { past: [...history.past.slice(0, -1), merged], future: [] };
}

export interface Step {
  readonly kind: 'step';
  readonly document: Document;
  readonly history: History;
  readonly label: string;
  /** What was applied, to be saved like any other edit. */
  readonly operations: readonly Operation[];
}

/** The gesture no longer fits, because somebody else changed what it touched. It is dropped. */
export interface StepRefused {
  readonly kind: 'refused';
  readonly history: History;
  readonly label: string;
  readonly reason: string;
}

export function undo(document: Document, history: History): Step | StepRefused | null {
  const gesture = history.past.at(-1);
  if (gesture === undefined) return null;
  const past = history.past.slice(0, -1);
  const applied = tryOperations(document, gesture.backward);
  const { label } = gesture;
  if ('refused' in applied) {
    return { kind: 'refused', history: { ...history, past }, label, reason: applied.refused };
  }
  const undone: Gesture = { ...gesture, mergeKey: null };
  return {
    kind: 'step',
    document: applied.document,
    history: { past, future: [...history.future, undone] },
    label,
    operations: gesture.backward,
  };
}

export function redo(document: Document, history: History): Step | StepRefused | null {
  const gesture = history.future.at(-1);
  if (gesture === undefined) return null;
  const future = history.future.slice(0, -1);
  const applied = tryOperations(document, gesture.forward);
  const { label } = gesture;
  if ('refused' in applied) {
    return { kind: 'refused', history: { ...history, future }, label, reason: applied.refused };
  }
  const redone: Gesture = { ...gesture, backward: applied.inverses };
  return {
    kind: 'step',
    document: applied.document,
    history: { past: [...history.past, redone], future },
    label,
    operations: gesture.forward,
  };
}
