/**
 * The network document as the server defines it (`netloom/graph/document.py`).
 *
 * Everything is read-only: an edit makes a new document that shares what did not change.
 */

export type Scalar = boolean | number | string | null;
export type ParamValue = Scalar | readonly Scalar[] | readonly (readonly Scalar[])[];
export type Params = Readonly<Record<string, ParamValue>>;

export interface Endpoint {
  readonly node: string;
  readonly port: string;
}

export interface Edge {
  readonly source: Endpoint;
  readonly target: Endpoint;
}

export interface Node {
  readonly type: string;
  readonly name: string;
  readonly params: Params;
  readonly note: string;
  readonly module_path: string;
  readonly is_frozen: boolean;
  readonly block: string | null;
  readonly overrides: Params;
  readonly repeat: number;
  readonly weights: 'separate' | 'shared';
  /** Whose weights it uses (`sharing.ts`); left out when they are its own. */
  readonly weights_of?: string;
}

export interface ExposedTarget {
  readonly node: string;
  readonly param: string;
}

/** A parameter of an inner node that instances may override. */
export interface ExposedParam extends ExposedTarget {
  /** Further parameters that take the same value; left out when there are none. */
  readonly also?: readonly ExposedTarget[];
}

/** Every parameter that takes the value of an exposed one. */
export function targetsOf({ node, param, also = [] }: ExposedParam): readonly ExposedTarget[] {
  return [{ node, param }, ...also];
}

/** An exposed parameter that takes effect at these places; null when there is none left. */
export function exposedAt(targets: readonly ExposedTarget[]): ExposedParam | null {
  const [first, ...also] = targets;
  if (first === undefined) return null;
  return also.length === 0 ? first : { ...first, also };
}

export type Nodes = Readonly<Record<string, Node>>;
export type Edges = Readonly<Record<string, Edge>>;

/** What a graph and the inside of a block have in common. */
export interface Scope {
  readonly nodes: Nodes;
  readonly edges: Edges;
}

export interface BlockDefinition extends Scope {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly exposed: Readonly<Record<string, ExposedParam>>;
}

export interface Graph extends Scope {
  readonly name: string;
  readonly blocks: Readonly<Record<string, BlockDefinition>>;
}

/** Top left corner of a node, in canvas pixels. */
export interface Position {
  readonly x: number;
  readonly y: number;
}

/** A titled rectangle behind nodes: a comment, never part of the computation. */
export interface Frame {
  readonly title: string;
  readonly text: string;
  readonly hue: number;
  readonly x: number;
  readonly y: number;
  readonly width_px: number;
  readonly height_px: number;
  readonly scope: string | null;
}

export interface View {
  readonly positions: Readonly<Record<string, Position>>;
  readonly frames: Readonly<Record<string, Frame>>;
  /** What the network may cost, by budget; left out where none was ever set. */
  readonly budgets?: Readonly<Record<string, number>>;
}

export interface Document {
  readonly format: 'netloom.network';
  readonly schema: 1;
  readonly graph: Graph;
  readonly view: View;
}

/** The type name of a node that is a use of a block definition. */
export const IMAGE_INPUT = 'ImageInput';
export const BLOCK = 'Block';
export const BLOCK_INPUT = 'BlockInput';
export const BLOCK_OUTPUT = 'BlockOutput';

/** A node with everything left at its default but `type` and `name`. */
export function makeNode(type: string, name: string, rest: Partial<Node> = {}): Node {
  return {
    type,
    name,
    params: {},
    note: '',
    module_path: '',
    is_frozen: false,
    block: null,
    overrides: {},
    repeat: 1,
    weights: 'separate',
    ...rest,
  };
}

export function emptyDocument(name = 'Network'): Document {
  return {
    format: 'netloom.network',
    schema: 1,
    graph: { name, nodes: {}, edges: {}, blocks: {} },
    view: { positions: {}, frames: {} },
  };
}
