/** The shapes that cross the wire, named as on the server. Times are ISO 8601 in UTC. */

export type Role = 'owner' | 'editor' | 'labeler' | 'viewer';
export interface Person {
  id: string;
  name: string;
  email: string;
  theme: 'auto' | 'light' | 'dark' | '';
  has_password: boolean;
}
export interface ProjectRef { id: string; name: string; role: Role }
export interface Session {
  person: Person | null;
  csrf_token: string;
  projects: ProjectRef[];
  installation: { version: string; name: string };
  last_project_id: string | null;
}
export interface Project extends ProjectRef {
  created_at: string;
  num_networks: number;
  num_datasets: number;
  num_runs: number;
}
export interface Member {
  person_id: string;
  name: string;
  email: string;
  role: Role;
  joined_at: string;
}
export interface Invitation {
  id: string;
  url?: string | null;
  email: string;
  role: Role;
  created_at: string;
  expires_at: string;
}
export interface ApiToken {
  id: string;
  name: string;
  token?: string | null;
  created_at: string;
  last_used_at: string | null;
}
export interface Device {
  id: string;
  name: string;
  memory_bytes: number | null;
  is_available: boolean;
  reason: string | null;
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
export interface Job {
  id: string;
  kind: string;
  lane: string;
  state: JobState;
  progress: number | null;
  message: string;
  result: Record<string, unknown> | null;
  problem: ProblemBody | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  project_id: string | null;
  subject: { type: string; id: string } | null;
}
export interface Upload { id: string; offset: number; size_bytes: number; chunk_bytes: number }

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  next_step?: string;
  data?: Record<string, unknown> | null;
  error_id?: string | null;
}
export interface Page<T> { items: T[]; total: number; next: string | null }

export interface DatasetClass { id: string; name: string; color: string; count: number }
export type Split = 'train' | 'validation' | 'test' | 'unassigned';
export type SplitCounts = Record<Split, number>;
export interface DatasetSummary {
  id: string;
  name: string;
  num_items: number;
  num_labeled: number;
  classes: DatasetClass[];
  splits: SplitCounts;
  updated_at: string;
  cover_item_ids: string[];
}

export type LabelState = 'labeled' | 'unlabeled' | 'reviewed_empty';
export interface ItemLabel { class_id: string | null; origin: string; author: string | null; time: string }
export interface Item {
  id: string;
  file_name: string;
  width: number;
  height: number;
  split: Split;
  label: ItemLabel | null;
  state: LabelState;
  group: string;
  thumbnail_url: string;
  image_url: string;
  score?: number | null;
}

export type RunState =
  | 'queued' | 'claimed' | 'running' | 'succeeded' | 'failed' | 'stopped' | 'paused' | 'interrupted';

export type Severity = 'error' | 'warning' | 'info';
export interface Diagnostic {
  code: string;
  severity: Severity;
  message: string;
  scope?: string | null;
  node_id?: string | null;
  port?: string | null;
  param?: string | null;
  edge_id?: string | null;
  fixes: { label: string; operations: unknown[] }[];
}
