import type { Connection, FinalConnectionState, OnConnectEnd, OnConnectStart } from '@xyflow/react';
import { useReactFlow } from '@xyflow/react';
import { useMemo } from 'react';
import { applyOperations } from '../document/apply';
import { planConnection } from '../document/connect';
import { freeInputs, type PortsOf } from '../document/ports';
import { lookup } from '../document/records';
import type { Endpoint, Position } from '../document/types';
import { portsOfDesigner, useDesigner, type Designer } from '../state/DesignerContext';
import { idOfPath, prefixOfPath, type TensorEdge } from './flowElements';
import { scopeOfPath, type Stage } from './stage';
import { focusOn, focusPrefixOf } from './useStage';

interface Ends {
  readonly source: Endpoint;
  readonly target: Endpoint;
}

/** Null where there is nothing to connect, or the ends lie in two scopes. */
function endsOf(connection: Connection | TensorEdge): Ends | null {
  const { source, target, sourceHandle, targetHandle } = connection;
  if (sourceHandle == null || targetHandle == null) return null;
  if (prefixOfPath(source) !== prefixOfPath(target)) return null;
  return {
    source: { node: idOfPath(source), port: sourceHandle },
    target: { node: idOfPath(target), port: targetHandle },
  };
}

const ACROSS = 'What is in a block is connected to the rest by its inputs and outputs alone.';

/** Inputs of Add and its like do the same: a free one is as good as the one that was hit. */
function freeTarget({ editor, catalog }: Designer, target: Endpoint, portsOf: PortsOf): Endpoint {
  const node = lookup(editor.scope.nodes, target.node);
  const layer = node === undefined ? undefined : catalog.byType.get(node.type);
  if (layer?.variadic_param == null || layer.variadic_inputs.length > 0) return target;
  if (layer.fixed_inputs.includes(target.port)) return target;
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

/** The same functions for as long as the stage is the same: React Flow draws anew for others. */
export function useConnecting(stage: Stage) {
  const designer = useDesigner();
  const { screenToFlowPosition } = useReactFlow();

  return useMemo(() => {
    /** Edit in the scope of something on the canvas. */
    const goInto = (path: string): void => {
      const placed = scopeOfPath(stage, path);
      if (placed !== undefined) focusOn(designer.editor, placed);
    };

    const isValidConnection = (connection: Connection | TensorEdge): boolean => {
      const ends = endsOf(connection);
      const isHere = prefixOfPath(connection.source) === focusPrefixOf(designer.editor);
      return ends !== null && isHere && !('refused' in planOf(designer, ends));
    };

    const onConnectStart: OnConnectStart = (_event, { nodeId }) => {
      if (nodeId !== null) goInto(nodeId);
    };

    const onConnect = (connection: Connection): void => {
      const ends = endsOf(connection);
      if (ends !== null) connectPorts(designer, ends);
    };

    const onConnectEnd: OnConnectEnd = (event, state) => {
      if (state.isValid === true) return;
      const start = startOf(state);
      if (start === null) return;
      const { fromNode, toNode } = state;
      if (fromNode !== null) goInto(fromNode.id);
      if (fromNode !== null && toNode !== null && isAcross(fromNode.id, toNode.id)) {
        designer.editor.say(ACROSS);
        return;
      }
      const refused = refusedEnds(state, start);
      if (refused !== null) {
        const plan = planOf(designer, refused);
        designer.editor.say('refused' in plan ? plan.refused : 'Connect an output to an input.');
        return;
      }
      const point = 'changedTouches' in event ? event.changedTouches[0] : event;
      if (point === undefined) return;
      const path = nodeUnder(point.clientX, point.clientY);
      if (path !== null && prefixOfPath(path) !== focusPrefixOf(designer.editor)) {
        designer.editor.say(ACROSS);
        return;
      }
      if (path !== null) {
        connectToNode(designer, start, idOfPath(path));
        return;
      }
      const placed = fromNode === null ? undefined : scopeOfPath(stage, fromNode.id);
      const drawn = screenToFlowPosition({ x: point.clientX, y: point.clientY });
      const position = placed?.toDocument({ ...drawn, width: 0, height: 0 }) ?? drawn;
      openInsertMenu(designer, start, point, position);
    };

    const onReconnect = (edge: TensorEdge, connection: Connection): void => {
      const ends = endsOf(connection);
      goInto(edge.source);
      if (ends !== null) reconnectInput(designer, idOfPath(edge.id), ends);
      else if (isAcross(connection.source, connection.target)) designer.editor.say(ACROSS);
    };

    return { isValidConnection, onConnectStart, onConnect, onConnectEnd, onReconnect };
  }, [designer, stage, screenToFlowPosition]);
}

const isAcross = (a: string, b: string): boolean => prefixOfPath(a) !== prefixOfPath(b);

interface Start {
  readonly end: Endpoint;
  readonly direction: 'after' | 'before';
}

function startOf({ fromHandle }: FinalConnectionState): Start | null {
  if (fromHandle?.id == null) return null;
  return {
    end: { node: idOfPath(fromHandle.nodeId), port: fromHandle.id },
    direction: fromHandle.type === 'source' ? 'after' : 'before',
  };
}

function refusedEnds({ toHandle }: FinalConnectionState, { end, direction }: Start): Ends | null {
  if (toHandle?.id == null) return null;
  const other = { node: idOfPath(toHandle.nodeId), port: toHandle.id };
  return direction === 'after' ? { source: end, target: other } : { source: other, target: end };
}

const LAYERS = '.react-flow__node-layer, .react-flow__node-expanded';

function nodeUnder(x: number, y: number): string | null {
  const element = document.elementFromPoint(x, y)?.closest(LAYERS);
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
  position: Position,
): void {
  const pane = document.querySelector('.react-flow')?.getBoundingClientRect();
  panels.set({
    insertMenu: {
      at: { x: point.clientX - (pane?.left ?? 0), y: point.clientY - (pane?.top ?? 0) },
      position,
      link,
      edgeId: null,
    },
  });
}
