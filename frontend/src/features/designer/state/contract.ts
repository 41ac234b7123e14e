/** What the network endpoints answer. */

import type { Diagnostic } from '@/api';
import type { BlockSet } from '../document/copyBlocks';
import type { Operation } from '../document/operations';
import type { Document, ParamValue, Scalar } from '../document/types';

export type ParamKind =
  | 'int'
  | 'float'
  | 'bool'
  | 'choice'
  | 'text'
  | 'int_pair'
  | 'int_triple'
  | 'padding'
  | 'int_list'
  | 'float_list';

export interface ParamDescription {
  name: string;
  kind: ParamKind;
  title: string;
  description: string;
  default: ParamValue;
  is_required: boolean;
  minimum: number | null;
  maximum: number | null;
  unit: string;
  choices: Scalar[];
  /** How many numbers there are where each direction has its own; null for any number. */
  count: number | null;
  is_optional: boolean;
  is_advanced: boolean;
  on_card: boolean;
  /** Empty for the layer's own parameters; `learning` for those of every layer with weights. */
  section: string;
}

export interface PortDescription {
  name: string;
  title: string;
  /** A yes-or-no parameter; the port is only there while it is on. */
  param: string | null;
}

export type LayerRole =
  'layer' | 'input' | 'output' | 'block' | 'block_input' | 'block_output' | 'placeholder';

/** A port of an operation, or several, decided by one of its arguments. */
export interface PortRule {
  name: string;
  condition: 'always' | 'where_true' | 'where_missing' | 'as_many' | 'one_each' | 'operands';
  argument: string;
  /** The argument's value where it is left out. */
  default: number | boolean | null;
}

export interface OperatorDescription {
  summary: string;
  /** The fields of its arguments, which the parameter `arguments` holds as JSON. */
  arguments: ParamDescription[];
  inputs: PortRule[];
  outputs: PortRule[];
}

export interface LayerDescription {
  type: string;
  title: string;
  category: string;
  role: LayerRole;
  summary: string;
  docs: string;
  aliases: string[];
  icon: string;
  hue: number;
  name_stem: string;
  inputs: PortDescription[];
  outputs: PortDescription[];
  variadic_param: string | null;
  /** What those ports are called in place of `input`, before the number. */
  variadic_inputs: string[];
  /** Ports behind them that are there once. */
  fixed_inputs: string[];
  /** Ports that are there once for each variadic input, before the number: `class_1`, `box_1`. */
  variadic_outputs: string[];
  params: ParamDescription[];
  /** Orders of axes the first input takes by default, as `BCHW`; empty where it is not known. */
  accepts: string[];
  /** By operation, for a layer whose parameters are `op` and `arguments`. */
  operators: Record<string, OperatorDescription>;
  /** Parameters in which inputs and outputs are named, with commas between. */
  names_ports: [string, string] | null;
}

export interface TemplateInfo {
  id: string;
  title: string;
  summary: string;
  /** What it is for, as lists are headed. */
  family: string;
  task: string;
  can_train: boolean;
  /** What cannot be done with it yet; empty when it trains. */
  note: string;
}

/** What a template would become. */
export interface TemplatePreview {
  document: unknown;
  totals: Totals;
  input_text: string;
  output_text: string;
}

/** A block of the library, with all it takes to insert it. */
export interface LibraryBlock extends BlockSet {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly aliases: readonly string[];
  readonly icon: string;
  /** Exposed parameters that are set to the channels or features that arrive. */
  readonly follows: readonly string[];
  /** The definition an instance uses; the others are within it. */
  readonly blockId: string;
}

export interface Dim {
  axis: string;
  size: number | string;
}

/** What one position of an output sees along an axis of the input; null is the whole axis. */
export interface ReceptiveField {
  axis: string;
  size: number | null;
  jump?: number | null;
  centre?: number | null;
}

export interface BudgetUse {
  budget: string;
  title: string;
  limit: number;
  /** Null for a receptive field that is the whole input. */
  used: number | null;
  is_kept: boolean;
  /** Nodes of the top level that make up the excess. */
  offenders: string[];
}

export interface NodeAnalysis {
  outputs: Record<string, Dim[]>;
  output_text: string;
  parameters: number;
  flops: number;
  macs?: number;
  activation_bytes: number;
  kept_bytes?: number;
  gradient_bytes?: number;
  receptive_field?: ReceptiveField[];
  inferred: Record<string, ParamValue>;
  repeats?: number;
}

export interface Totals {
  parameters: number;
  trainable_parameters: number;
  flops: number;
  macs: number;
  activation_bytes: number;
  kept_bytes: number;
  parameter_bytes: number;
  training_fixed_bytes: number;
  training_sample_bytes: number;
  num_layers: number;
  open_lengths?: string[];
}

export interface Analysis {
  nodes: Record<string, NodeAnalysis>;
  totals: Totals;
  diagnostics: Diagnostic[];
  /** There are more problems than are listed. */
  is_truncated?: boolean;
  order: string[];
  is_trainable: boolean;
  budgets?: BudgetUse[];
}

export interface Network {
  id: string;
  project_id: string;
  name: string;
  revision: number;
  document: unknown;
  dataset_id: string | null;
  template: string | null;
  analysis: Analysis;
  can_edit: boolean;
  /** The network that this one branched off. */
  origin: { network_id: string; name: string; revision: number; is_deleted: boolean } | null;
  created_at: string;
  updated_at: string;
}

export interface NetworkSummary {
  id: string;
  project_id: string;
  name: string;
  revision: number;
  created_at: string;
  updated_at: string;
  num_layers: number;
  parameters: number | null;
  problems: { errors: number; warnings: number };
  dataset_id: string | null;
  template: string | null;
}

export interface SavedRevision {
  revision: number;
  analysis: Analysis;
}

/** One save by somebody, as the server tells about it. */
export interface RevisionOperations {
  revision: number;
  operations: Operation[];
  client_id: string;
  author: string | null;
}

export interface Conflict {
  revision: number;
  document: Document;
  operations_since: RevisionOperations[];
}

export interface VersionSummary {
  id: string;
  network_id: string;
  name: string;
  revision: number;
  created_at: string;
  author: string | null;
  graph_hash: string;
  pinned_by_runs: number;
}

export interface NetworkSample {
  item_id: string;
  thumbnail_url: string;
  image_url: string;
  label: string | null;
  shape: number[];
}
