import type { Connection, FinalConnectionState, OnConnectEnd } from '@xyflow/react';
import { useReactFlow } from '@xyflow/react';
import { applyOperations } from '../document/apply';
import { planConnection } from '../document/connect';
import { freeInputs, type PortsOf } from '../document/ports';
import { lookup } from '../document/records';
import type { Endpoint } from '../document/types';
import { portsOfDesigner, useDesigner, type Designer } from '../state/DesignerContext';
import type { TensorEdge } from './flowElements';

interface Ends {
  readonly source: Endpoint;
  readonly target: Endpoint;
}

function endsOf(connection: Connection | TensorEdge): Ends | null {
  const { source, target, sourceHandle, targetHandle } = connection;
  if (sourceHandle == null || targetHandle == null) return null;
  return {
    source: { node: source, port: sourceHandle },
    target: { node: target, port: targetHandle },
  };
}

/** Inputs of Add and its like do the same: a free one is as good as the one that was hit. */
function freeTarget({ editor, catalog }: Designer, target: Endpoint, portsOf: PortsOf): Endpoint {
  const node = lookup(editor.scope.nodes, target.node);
  const layer = node === undefined ? undefined : catalog.byType.get(node.type);
  if (layer?.variadic_param == null) return target;
  const free = freeInputs(editor.scope, target.node, portsOf);
  const [port = target.port] = free.includes(target.port) ? [target.port] : free;
  return { node: target.node, port };
}

function planOf(designer: Designer, { source, target }: Ends) {
  const { editor } = designer;
  const portsOf = portsOfDesigner(designer);
  const wanted = freeTarget(designer, target, portsOf);
  return planConnection(editor.state.document, editor.scopeId, source, wanted, portsOf);
}

/** Connect two ports in place of what was there, or say why not. */
export function connectPorts(designer: Designer, ends: Ends): void {
  const { editor } = designer;
  const plan = planOf(designer, ends);
  if ('refused' in plan) {
    editor.say(plan.refused);
    return;
  }
  const name = (id: string): string => lookup(editor.scope.nodes, id)?.name ?? id;
  const label = `Connect ${name(ends.source.node)} to ${name(ends.target.node)}`;
  const isDone = editor.perform(label, plan.operations);
  if (isDone && plan.replaced !== null) {
    editor.say(`Replaced the connection from ${plan.replaced}.`, { offersUndo: true });
  }
}

/** Take an input off what feeds it and give it something else, as one step. */
export function reconnectInput(designer: Designer, edgeId: string, ends: Ends): void {
  const { editor } = designer;
  const removal = { op: 'remove_edge', scope: editor.scopeId, edge_id: edgeId } as const;
  const { document } = applyOperations(editor.state.document, [removal]);
  const portsOf = portsOfDesigner(designer);
  const plan = planConnection(document, editor.scopeId, ends.source, ends.target, portsOf);
  if ('refused' in plan) {
    editor.say(plan.refused);
    return;
  }
  const isDone = editor.perform('Reconnect', [removal, ...plan.operations]);
  if (isDone && plan.replaced !== null) {
    editor.say(`Replaced the connection from ${plan.replaced}.`, { offersUndo: true });
  }
}

export function useConnecting() {
  const designer = useDesigner();
  const { screenToFlowPosition } = useReactFlow();

  const isValidConnection = (connection: Connection | TensorEdge): boolean => {
    const ends = endsOf(connection);
    return ends !== null && !('refused' in planOf(designer, ends));
  };

  const onConnect = (connection: Connection): void => {
    const ends = endsOf(connection);
    if (ends !== null) connectPorts(designer, ends);
  };

  const onConnectEnd: OnConnectEnd = (event, state) => {
    if (state.isValid === true) return;
    const start = startOf(state);
    if (start === null) return;
    const refused = refusedEnds(state, start);
    if (refused !== null) {
      const plan = planOf(designer, refused);
      designer.editor.say('refused' in plan ? plan.refused : 'Connect an output to an input.');
      return;
    }
    const point = 'changedTouches' in event ? event.changedTouches[0] : event;
    if (point === undefined) return;
    const nodeId = nodeUnder(point.clientX, point.clientY);
    if (nodeId !== null) {
      connectToNode(designer, start, nodeId);
      return;
    }
    openInsertMenu(designer, start, point, screenToFlowPosition);
  };

  const onReconnect = (edge: TensorEdge, connection: Connection): void => {
    const ends = endsOf(connection);
    if (ends !== null) reconnectInput(designer, edge.id, ends);
  };

  return { isValidConnection, onConnect, onConnectEnd, onReconnect };
}

interface Start {
  readonly end: Endpoint;
  readonly direction: 'after' | 'before';
}

function startOf({ fromHandle }: FinalConnectionState): Start | null {
  if (fromHandle?.id == null) return null;
  return {
    end: { node: fromHandle.nodeId, port: fromHandle.id },
    direction: fromHandle.type === 'source' ? 'after' : 'before',
  };
}

function refusedEnds({ toHandle }: FinalConnectionState, { end, direction }: Start): Ends | null {
  if (toHandle?.id == null) return null;
  const other = { node: toHandle.nodeId, port: toHandle.id };
  return direction === 'after' ? { source: end, target: other } : { source: other, target: end };
}

function nodeUnder(x: number, y: number): string | null {
  const element = document.elementFromPoint(x, y)?.closest('.react-flow__node-layer');
  return element?.getAttribute('data-id') ?? null;
}

/** Dropped on a card rather than on a port: take its first free one, or its only one. */
function connectToNode(designer: Designer, { end, direction }: Start, nodeId: string): void {
  const { editor } = designer;
  const node = lookup(editor.scope.nodes, nodeId);
  if (nodeId === end.node || node === undefined) return;
  const portsOf = portsOfDesigner(designer);
  const { inputs, outputs } = portsOf(node);
  const [free] = freeInputs(editor.scope, nodeId, portsOf);
  const [first, ...others] = direction === 'after' ? inputs : outputs;
  const port = direction === 'after' ? (free ?? (others.length === 0 ? first : undefined)) : first;
  if (port === undefined) {
    const side = direction === 'after' ? 'free input' : 'output';
    editor.say(`${node.name} has no ${side}.`);
    return;
  }
  const other = { node: nodeId, port };
  connectPorts(
    designer,
    direction === 'after' ? { source: end, target: other } : { source: other, target: end },
  );
}

function openInsertMenu(
  { panels }: Designer,
  link: Start,
  point: { readonly clientX: number; readonly clientY: number },
  toDocument: (point: { x: number; y: number }) => { x: number; y: number },
): void {
  const pane = document.querySelector('.react-flow')?.getBoundingClientRect();
  panels.set({
    insertMenu: {
      at: { x: point.clientX - (pane?.left ?? 0), y: point.clientY - (pane?.top ?? 0) },
      position: toDocument({ x: point.clientX, y: point.clientY }),
      link,
      edgeId: null,
    },
  });
}
