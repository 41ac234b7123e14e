/** Commands about what stands before and behind the one selected layer. */

import { lookup } from '../document/records';
import { edgesInto, edgesOutOf } from '../document/scope';
import { CARD_HEIGHT, COLUMN_STEP } from '../canvas/geometry';
import type { DesignerCommand } from './commands';
import { portsOfDesigner, type Designer } from './DesignerContext';

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
      at: panels.canvas.middle(),
      position: { x: place.x + step, y: place.y + CARD_HEIGHT / 2 },
      link: isOnEdge ? null : { end: { node: nodeId, port }, direction },
      edgeId: isOnEdge ? edge.id : null,
    },
  });
}

const choose =
  (act: 'connect' | 'disconnect') =>
  ({ editor, panels }: Designer): void => {
    const [nodeId] = editor.state.nodeIds;
    if (nodeId !== undefined) panels.set({ connecting: { act, nodeId } });
  };

export const besideCommands: readonly DesignerCommand[] = [
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
