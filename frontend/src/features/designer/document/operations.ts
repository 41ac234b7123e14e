/** Typed edits of a document, as the server defines them (`netloom/graph/operations.py`). */

import type {
  BlockDefinition,
  Edge,
  ExposedParam,
  Frame,
  Node,
  Params,
  ParamValue,
  Position,
} from './types';

export interface AddNode {
  readonly op: 'add_node';
  readonly scope: string | null;
  readonly node_id: string;
  readonly node: Node;
  readonly position: Position | null;
}

export interface RemoveNode {
  readonly op: 'remove_node';
  readonly scope: string | null;
  readonly node_id: string;
}

export interface AddEdge {
  readonly op: 'add_edge';
  readonly scope: string | null;
  readonly edge_id: string;
  readonly edge: Edge;
}

export interface RemoveEdge {
  readonly op: 'remove_edge';
  readonly scope: string | null;
  readonly edge_id: string;
}

export interface SetParam {
  readonly op: 'set_param';
  readonly scope: string | null;
  readonly node_id: string;
  readonly param: string;
  readonly is_set: boolean;
  readonly value: ParamValue;
}

export type Attribute =
  | 'name'
  | 'type'
  | 'note'
  | 'is_frozen'
  | 'repeat'
  | 'weights'
  | 'weights_of'
  | 'overrides';

export interface SetAttribute {
  readonly op: 'set_attribute';
  readonly scope: string | null;
  readonly node_id: string;
  readonly attribute: Attribute;
  readonly value: string | number | boolean | Params;
}

export interface MoveNodes {
  readonly op: 'move_nodes';
  readonly positions: Readonly<Record<string, Position | null>>;
}

export interface AddBlock {
  readonly op: 'add_block';
  readonly block_id: string;
  readonly block: BlockDefinition;
  readonly positions: Readonly<Record<string, Position>>;
}

export interface RemoveBlock {
  readonly op: 'remove_block';
  readonly block_id: string;
}

export interface SetBlock {
  readonly op: 'set_block';
  readonly block_id: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly exposed: Readonly<Record<string, ExposedParam>>;
}

export interface SetFrame {
  readonly op: 'set_frame';
  readonly frame_id: string;
  readonly frame: Frame | null;
}

export interface SetBudget {
  readonly op: 'set_budget';
  readonly budget: string;
  readonly limit: number | null;
}

export interface SetGraphName {
  readonly op: 'set_graph_name';
  readonly name: string;
}

export type Operation =
  | AddNode
  | RemoveNode
  | AddEdge
  | RemoveEdge
  | SetParam
  | SetAttribute
  | MoveNodes
  | AddBlock
  | RemoveBlock
  | SetBlock
  | SetFrame
  | SetBudget
  | SetGraphName;

/** An operation does not fit the document; the text says why. Nothing was changed. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
}
