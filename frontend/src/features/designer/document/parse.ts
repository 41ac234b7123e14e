/** Documents and operations from JSON; what a field leaves out takes the server's default. */

import type { Attribute, Operation } from './operations';
import {
  listOf,
  MalformedData,
  need,
  nullable,
  oneOf,
  optional,
  readBoolean,
  readFields,
  readNumber,
  readString,
  recordOf,
  type Reader,
} from './reader';
import {
  exposedAt,
  type BlockDefinition,
  type Document,
  type Edge,
  type Endpoint,
  type ExposedParam,
  type ExposedTarget,
  type Frame,
  type Graph,
  type Node,
  type ParamValue,
  type Params,
  type Position,
  type Scalar,
  type View,
} from './types';

const readScalar: Reader<Scalar> = (value, path) => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  return readNumber(value, path);
};

export const readParamValue: Reader<ParamValue> = (value, path) => {
  if (!Array.isArray(value)) return readScalar(value, path);
  if (!value.some(Array.isArray)) return listOf(readScalar)(value, path);
  return listOf(listOf(readScalar))(value, path);
};

const readParams: Reader<Params> = recordOf(readParamValue);

const readEndpoint: Reader<Endpoint> = (value, path) => {
  const fields = readFields(value, path);
  return {
    node: need(fields, path, 'node', readString),
    port: need(fields, path, 'port', readString),
  };
};

export const readEdge: Reader<Edge> = (value, path) => {
  const fields = readFields(value, path);
  return {
    source: need(fields, path, 'source', readEndpoint),
    target: need(fields, path, 'target', readEndpoint),
  };
};

export const readNode: Reader<Node> = (value, path) => {
  const fields = readFields(value, path);
  const owner = optional(fields, path, 'weights_of', readString, '');
  return {
    type: need(fields, path, 'type', readString),
    name: need(fields, path, 'name', readString),
    params: optional(fields, path, 'params', readParams, {}),
    note: optional(fields, path, 'note', readString, ''),
    module_path: optional(fields, path, 'module_path', readString, ''),
    is_frozen: optional(fields, path, 'is_frozen', readBoolean, false),
    block: optional(fields, path, 'block', nullable(readString), null),
    overrides: optional(fields, path, 'overrides', readParams, {}),
    repeat: optional(fields, path, 'repeat', readNumber, 1),
    weights: optional(fields, path, 'weights', oneOf('separate', 'shared'), 'separate'),
    ...(owner !== '' && { weights_of: owner }),
  };
};

const readTarget: Reader<ExposedTarget> = (value, path) => {
  const fields = readFields(value, path);
  return {
    node: need(fields, path, 'node', readString),
    param: need(fields, path, 'param', readString),
  };
};

const readExposed: Reader<Readonly<Record<string, ExposedParam>>> = recordOf((value, path) => {
  const also = optional(readFields(value, path), path, 'also', listOf(readTarget), []);
  const target = readTarget(value, path);
  return exposedAt([target, ...also]) ?? target;
});

export const readBlock: Reader<BlockDefinition> = (value, path) => {
  const fields = readFields(value, path);
  return {
    name: need(fields, path, 'name', readString),
    nodes: optional(fields, path, 'nodes', recordOf(readNode), {}),
    edges: optional(fields, path, 'edges', recordOf(readEdge), {}),
    inputs: optional(fields, path, 'inputs', listOf(readString), []),
    outputs: optional(fields, path, 'outputs', listOf(readString), []),
    exposed: optional(fields, path, 'exposed', readExposed, {}),
  };
};

export const readPosition: Reader<Position> = (value, path) => {
  const fields = readFields(value, path);
  return { x: need(fields, path, 'x', readNumber), y: need(fields, path, 'y', readNumber) };
};

export const readFrame: Reader<Frame> = (value, path) => {
  const fields = readFields(value, path);
  return {
    title: optional(fields, path, 'title', readString, ''),
    text: optional(fields, path, 'text', readString, ''),
    hue: optional(fields, path, 'hue', readNumber, 220),
    x: need(fields, path, 'x', readNumber),
    y: need(fields, path, 'y', readNumber),
    width_px: need(fields, path, 'width_px', readNumber),
    height_px: need(fields, path, 'height_px', readNumber),
    scope: optional(fields, path, 'scope', nullable(readString), null),
  };
};

const readGraph: Reader<Graph> = (value, path) => {
  const fields = readFields(value, path);
  return {
    name: optional(fields, path, 'name', readString, 'Network'),
    nodes: optional(fields, path, 'nodes', recordOf(readNode), {}),
    edges: optional(fields, path, 'edges', recordOf(readEdge), {}),
    blocks: optional(fields, path, 'blocks', recordOf(readBlock), {}),
  };
};

const readView: Reader<View> = (value, path) => {
  const fields = readFields(value, path);
  const budgets = optional(fields, path, 'budgets', recordOf(readNumber), {});
  return {
    positions: optional(fields, path, 'positions', recordOf(readPosition), {}),
    frames: optional(fields, path, 'frames', recordOf(readFrame), {}),
    ...(Object.keys(budgets).length > 0 && { budgets }),
  };
};

export function parseDocument(value: unknown): Document {
  const fields = readFields(value, 'document');
  const format = optional(fields, 'document', 'format', readString, 'netloom.network');
  if (format !== 'netloom.network') throw new MalformedData('This is not a Netloom network.');
  const schema = optional(fields, 'document', 'schema', readNumber, 1);
  if (schema !== 1) throw new MalformedData(`Schema ${schema} is not the one this page knows (1).`);
  return {
    format,
    schema,
    graph: optional(fields, 'document', 'graph', readGraph, readGraph({}, 'graph')),
    view: optional(fields, 'document', 'view', readView, { positions: {}, frames: {} }),
  };
}

const readAttribute: Reader<Attribute> = oneOf(
  'name',
  'type',
  'note',
  'is_frozen',
  'repeat',
  'weights',
  'weights_of',
  'overrides',
);

const readAttributeValue: Reader<string | number | boolean | Params> = (value, path) => {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return typeof value === 'number' ? readNumber(value, path) : readParams(value, path);
};

type FieldMap = ReturnType<typeof readFields>;

const OPERATIONS: Readonly<Record<string, (fields: FieldMap, path: string) => Operation>> = {
  add_node: (fields, path) => ({
    op: 'add_node',
    scope: readScopeField(fields, path),
    node_id: need(fields, path, 'node_id', readString),
    node: need(fields, path, 'node', readNode),
    position: optional(fields, path, 'position', nullable(readPosition), null),
  }),
  remove_node: (fields, path) => ({
    op: 'remove_node',
    scope: readScopeField(fields, path),
    node_id: need(fields, path, 'node_id', readString),
  }),
  add_edge: (fields, path) => ({
    op: 'add_edge',
    scope: readScopeField(fields, path),
    edge_id: need(fields, path, 'edge_id', readString),
    edge: need(fields, path, 'edge', readEdge),
  }),
  remove_edge: (fields, path) => ({
    op: 'remove_edge',
    scope: readScopeField(fields, path),
    edge_id: need(fields, path, 'edge_id', readString),
  }),
  set_param: (fields, path) => ({
    op: 'set_param',
    scope: readScopeField(fields, path),
    node_id: need(fields, path, 'node_id', readString),
    param: need(fields, path, 'param', readString),
    is_set: optional(fields, path, 'is_set', readBoolean, true),
    value: optional(fields, path, 'value', readParamValue, null),
  }),
  set_attribute: (fields, path) => ({
    op: 'set_attribute',
    scope: readScopeField(fields, path),
    node_id: need(fields, path, 'node_id', readString),
    attribute: need(fields, path, 'attribute', readAttribute),
    value: need(fields, path, 'value', readAttributeValue),
  }),
  move_nodes: (fields, path) => ({
    op: 'move_nodes',
    positions: need(fields, path, 'positions', recordOf(nullable(readPosition))),
  }),
  add_block: (fields, path) => ({
    op: 'add_block',
    block_id: need(fields, path, 'block_id', readString),
    block: need(fields, path, 'block', readBlock),
    positions: optional(fields, path, 'positions', recordOf(readPosition), {}),
  }),
  remove_block: (fields, path) => ({
    op: 'remove_block',
    block_id: need(fields, path, 'block_id', readString),
  }),
  set_block: (fields, path) => ({
    op: 'set_block',
    block_id: need(fields, path, 'block_id', readString),
    name: need(fields, path, 'name', readString),
    inputs: need(fields, path, 'inputs', listOf(readString)),
    outputs: need(fields, path, 'outputs', listOf(readString)),
    exposed: need(fields, path, 'exposed', readExposed),
  }),
  set_frame: (fields, path) => ({
    op: 'set_frame',
    frame_id: need(fields, path, 'frame_id', readString),
    frame: need(fields, path, 'frame', nullable(readFrame)),
  }),
  set_budget: (fields, path) => ({
    op: 'set_budget',
    budget: need(fields, path, 'budget', readString),
    limit: need(fields, path, 'limit', nullable(readNumber)),
  }),
  set_graph_name: (fields, path) => ({
    op: 'set_graph_name',
    name: need(fields, path, 'name', readString),
  }),
};

function readScopeField(fields: FieldMap, path: string): string | null {
  return optional(fields, path, 'scope', nullable(readString), null);
}

export const readOperation: Reader<Operation> = (value, path) => {
  const fields = readFields(value, path);
  const kind = need(fields, path, 'op', readString);
  const read = Object.hasOwn(OPERATIONS, kind) ? OPERATIONS[kind] : undefined;
  if (read === undefined) throw new MalformedData(`${path} has the unknown kind “${kind}”.`);
  return read(fields, path);
};

export function parseOperations(value: unknown): Operation[] {
  return listOf(readOperation)(value, 'operations');
}
