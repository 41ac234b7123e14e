/** The endpoints of history: compare, merge, branch, go back. */

import { http } from '@/api';
import { readOperation, parseDocument } from '../document/parse';
import type { Operation } from '../document/operations';
import type { Document } from '../document/types';
import type { Network } from './contract';

/** A state of a network; nothing given is the present one. */
export interface NetworkState {
  readonly revision?: number;
  readonly version_id?: string;
  readonly network_id?: string;
  readonly document?: Document;
}

export type DifferenceKind = 'added' | 'removed' | 'changed';

export interface ValueChange {
  name: string;
  before: string | null;
  after: string | null;
}

export interface NodeDifference {
  kind: DifferenceKind;
  scope: string | null;
  node_id: string;
  name: string;
  type: string;
  values: ValueChange[];
  place: string;
}

export interface EdgeDifference {
  kind: 'added' | 'removed';
  scope: string | null;
  edge_id: string;
  source: string;
  target: string;
  is_implied: boolean;
}

export interface Comparison {
  is_same: boolean;
  is_layout_changed: boolean;
  nodes: NodeDifference[];
  edges: EdgeDifference[];
  lines: string[];
}

interface Compared {
  comparison: Comparison;
  before: unknown;
  before_label: string;
}

export async function compareStates(id: string, before: NetworkState) {
  const answer = await http.post<Compared>(`/api/networks/${id}/compare`, { before });
  return { ...answer, before: parseDocument(answer.before) };
}

export type Side = 'ours' | 'theirs';
export type Choices = Readonly<Record<string, Side>>;

export interface MergeConflict {
  id: string;
  what: string;
  base: string;
  ours: string;
  theirs: string;
}

export interface MergeRequest {
  readonly theirs: NetworkState;
  readonly ours?: NetworkState;
  readonly base?: NetworkState;
  readonly choices?: Choices;
}

export interface Merged {
  conflicts: MergeConflict[];
  comparison: Comparison;
  notes: string[];
  operations: Operation[];
  revision: number;
}

export async function mergeStates(id: string, request: MergeRequest): Promise<Merged> {
  const answer = await http.post<Omit<Merged, 'operations'> & { operations: unknown[] }>(
    `/api/networks/${id}/merge`,
    request,
  );
  const operations = answer.operations.map((each, index) =>
    readOperation(each, `operations.${index}`),
  );
  return { ...answer, operations };
}

export const branchNetwork = (id: string, name: string, state: NetworkState) =>
  http.post<Network>(`/api/networks/${id}/branches`, { name, state });

export const restoreRevision = (id: string, revision: number) =>
  http.post<Network>(`/api/networks/${id}/revisions/${revision}/restore`);

export interface RevisionSummary {
  revision: number;
  gesture: string;
  num_operations: number;
  author: string | null;
  created_at: string;
}

export interface RevisionPage {
  items: RevisionSummary[];
  total: number;
  reachable_from: number | null;
  next: string | null;
}

export const listRevisions = (id: string, cursor: string | null) =>
  http.get<RevisionPage>(
    `/api/networks/${id}/revisions${cursor === null ? '' : `?cursor=${cursor}`}`,
  );

/** Merge into the network as one save of its own. */
export const saveMerge = (id: string, request: MergeRequest) =>
  http.post<Merged>(`/api/networks/${id}/merge`, { ...request, is_saved: true });
