import type { ProblemBody } from './contract';

/** A refusal by the server, in words for people: what happened, why, and what to do next. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly nextStep: string;
  readonly data: Record<string, unknown>;
  readonly errorId: string | null;

  constructor(status: number, body: ProblemBody) {
    super(body.detail ?? body.title ?? `The server answered ${String(status)}.`);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.nextStep = body.next_step ?? '';
    this.data = body.data ?? {};
    this.errorId = body.error_id ?? null;
  }
}

/** The server could not be reached at all: stopped, restarting, or the network is gone. */
export const OFFLINE = 'offline';

export function offlineProblem(): Problem {
  return new Problem(0, {
    code: OFFLINE,
    detail: 'The studio does not answer.',
    next_step: 'Check that it is still running; the page goes on by itself once it is back.',
  });
}

/** Turns whatever was thrown into something that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem(0, { code: 'unexpected', detail });
}

/** Something that was asked for and is in the bin. */
export interface BinnedRef {
  kind: 'network' | 'dataset' | 'run' | 'project';
  id: string;
  name: string;
  deletedAt: string;
  canRestore: boolean;
}

const IN_BIN = 'in_bin';

/** What is in the bin, when that is what the server said. */
export function binnedOf(error: unknown): BinnedRef | null {
  if (!(error instanceof Problem) || error.code !== IN_BIN) return null;
  const { kind, id, name, deleted_at: deletedAt, can_restore: canRestore } = error.data;
  if (kind !== 'network' && kind !== 'dataset' && kind !== 'run' && kind !== 'project') return null;
  if (typeof id !== 'string' || typeof name !== 'string' || typeof deletedAt !== 'string') return null;
  return { kind, id, name, deletedAt, canRestore: canRestore === true };
}
