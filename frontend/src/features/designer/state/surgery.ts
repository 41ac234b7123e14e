/** Acts of model surgery: what the server declares, and the plans it makes. */

import { http } from '@/api';
import { readOperation } from '../document/parse';
import type { Operation } from '../document/operations';
import type { Document, ParamValue } from '../document/types';
import type { ParamDescription, Totals } from './contract';

export type Fate = 'kept' | 'resized' | 'new' | 'removed';

export interface LayerSurvival {
  path: string;
  scope: string | null;
  node_id: string;
  name: string;
  type: string;
  fate: Fate;
  parameters: number;
  kept_parameters: number;
  text: string;
}

export interface Survival {
  layers: LayerSurvival[];
  num_layers: Partial<Record<Fate, number>>;
  kept: number;
  resized: number;
  new: number;
  removed: number;
  is_complete: boolean;
}

export interface Change {
  kind: 'added' | 'removed' | 'changed';
  scope: string | null;
  node_id: string;
  name: string;
  type: string;
  text: string;
}

export interface SurgeryTarget {
  readonly scope: string | null;
  readonly node_ids: readonly string[];
  readonly edge_id: string | null;
}

export type Values = Readonly<Record<string, ParamValue>>;

export interface SurgeryPlan {
  act: string;
  refusal: string;
  label: string;
  form: ParamDescription[];
  values: Record<string, ParamValue>;
  operations: Operation[];
  select: string[];
  changes: Change[];
  warnings: string[];
  survival: Survival | null;
  /** Of acts that take another network: what it is called, and what survives of its weights. */
  other_name: string;
  other_survival: Survival | null;
  problems: string[];
  solved: number;
  totals: Totals | null;
}

export interface ActDescription {
  id: string;
  title: string;
  summary: string;
  places: ('network' | 'node' | 'edge' | 'selection')[];
  needs_network: boolean;
  params: ParamDescription[];
}

export const surgeryActsQuery = {
  queryKey: ['surgery-acts'] as const,
  queryFn: () => http.get<ActDescription[]>('/api/surgery'),
  staleTime: Infinity,
};

export interface SurgeryRequest {
  document: Document;
  act: string;
  target: SurgeryTarget;
  values: Values;
  dataset_id: string | null;
  network_id: string | null;
}

export async function planSurgery(
  request: SurgeryRequest,
  signal: AbortSignal,
): Promise<SurgeryPlan> {
  const plan = await http.post<Omit<SurgeryPlan, 'operations'> & { operations: unknown[] }>(
    '/api/surgery',
    request,
    signal,
  );
  const operations = plan.operations.map((each, index) =>
    readOperation(each, `operations.${String(index)}`),
  );
  return { ...plan, operations };
}
