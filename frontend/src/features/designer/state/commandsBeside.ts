/** Commands that insert: anywhere, and before and behind the one selected layer. */

import { lookup } from '../document/records';
import { edgesInto, edgesOutOf } from '../document/scope';
import type { Position } from '../document/types';
import { CARD_HEIGHT, CARD_WIDTH, COLUMN_STEP } from '../canvas/geometry';
import type { DesignerCommand } from './commands';
import { portsOfDesigner, type Designer } from './DesignerContext';
import type { CanvasHandle } from './panels';

const isOne = ({ editor }: Designer): boolean => editor.state.nodeIds.size === 1;

/** Search-to-insert beside the layer: on the one connection there, else at its first port. */
function insertBeside(designer: Designer, direction: 'before' | 'after'): void {
  const { editor, panels } = designer;
  const [nodeId] = editor.state.nodeIds;
  const node = nodeId === undefined ? undefined : lookup(editor.scope.nodes, nodeId);
  if (nodeId === undefined || node === undefined || panels.canvas === null) return;
  const { inputs, outputs } = portsOfDesigner(designer)(node);
  const [port] = direction === 'before' ? inputs : outputs;
  if (port === undefined) {
    editor.say(`Nothing can stand ${direction === 'before' ? 'before' : 'after'} ${node.name}.`);
    return;
  }
  const edges = direction === 'before' ? edgesInto : edgesOutOf;
  const [edge, ...more] = edges(editor.scope, nodeId);
  const place = lookup(editor.state.document.view.positions, nodeId) ?? panels.canvas.centre();
  const step = direction === 'before' ? -COLUMN_STEP : COLUMN_STEP;
  const isOnEdge = edge !== undefined && more.length === 0;
  panels.set({
    insertMenu: {
      at: besideCard(panels.canvas, place),
      position: { x: place.x + step, y: place.y + CARD_HEIGHT / 2 },
      link: isOnEdge ? null : { end: { node: nodeId, port }, direction },
      edgeId: isOnEdge ? edge.id : null,
    },
  });
}

function openInsert({ editor, panels }: Designer): void {
  const { canvas } = panels;
  if (canvas === null) return;
  const { nodeIds, edgeIds } = editor.state;
  const [edgeId] = edgeIds;
  const [only, ...more] = nodeIds;
  const place =
    only === undefined || more.length > 0
      ? undefined
      : lookup(editor.state.document.view.positions, only);
  panels.set({
    insertMenu: {
      at: place === undefined ? canvas.middle() : besideCard(canvas, place),
      position: canvas.centre(),
      link: null,
      edgeId: nodeIds.size === 0 && edgeIds.size === 1 ? (edgeId ?? null) : null,
    },
  });
}

const MENU_GAP = 12;

/** Where a menu about a layer leaves the layer in sight. */
function besideCard(canvas: CanvasHandle, place: Position): Position {
  const right = canvas.toScreen({ x: place.x + CARD_WIDTH, y: place.y });
  return { x: right.x + MENU_GAP, y: right.y };
}

const choose =
  (act: 'connect' | 'disconnect') =>
  ({ editor, panels }: Designer): void => {
    const [nodeId] = editor.state.nodeIds;
    if (nodeId !== undefined) panels.set({ connecting: { act, nodeId } });
  };

export const besideCommands: readonly DesignerCommand[] = [
  {
    id: 'insert',
    label: 'Insert a layer…',
    group: 'Edit',
    keys: ['/'],
    places: ['canvas', 'node', 'edge'],
    isEdit: true,
    predicate: () => true,
    perform: openInsert,
  },
  {
    id: 'insert-before',
    label: 'Insert before…',
    group: 'Edit',
    keys: ['B'],
    places: ['node'],
    isEdit: true,
    predicate: isOne,
    perform: (designer) => insertBeside(designer, 'before'),
  },
  {
    id: 'insert-after',
    label: 'Insert after…',
    group: 'Edit',
    keys: ['A'],
    places: ['node'],
    isEdit: true,
    predicate: isOne,
    perform: (designer) => insertBeside(designer, 'after'),
  },
  {
    id: 'connect',
    label: 'Connect to…',
    group: 'Edit',
    keys: ['L'],
    places: ['node'],
    isEdit: true,
    predicate: isOne,
    perform: choose('connect'),
  },
  {
    id: 'disconnect',
    label: 'Disconnect from…',
    group: 'Edit',
    keys: ['Shift+L'],
    places: ['node'],
    isEdit: true,
    predicate: isOne,
    perform: choose('disconnect'),
  },
];
