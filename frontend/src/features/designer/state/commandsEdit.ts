/** Commands that change the network. Copy, cut and paste arrive as events of the browser. */

import { dissolveBlock } from '../document/dissolveBlock';
import { groupIntoBlock, type BlockEditResult } from '../document/groupBlock';
import { newId } from '../document/ids';
import type { Operation } from '../document/operations';
import { lookup } from '../document/records';
import { withSharers } from '../document/sharing';
import { boundsOf, CARD_WIDTH, cardHeight } from '../canvas/geometry';
import { bringIntoView } from './bringIntoView';
import { takesWeights } from './sharing';
import { deleteSelection, duplicateSelection } from './clipboardText';
import type { DesignerCommand } from './commands';
import { portsOfDesigner, type Designer } from './DesignerContext';
import { spacingFor } from './placement';

const hasNodes = ({ editor }: Designer): boolean => editor.state.nodeIds.size > 0;

const hasSelection = ({ editor }: Designer): boolean => {
  const { nodeIds, edgeIds, frameIds } = editor.state;
  return nodeIds.size + edgeIds.size + frameIds.size > 0;
};

const selectedBlock = ({ editor }: Designer): string | null => {
  const [nodeId, ...more] = editor.state.nodeIds;
  if (nodeId === undefined || more.length > 0) return null;
  return lookup(editor.scope.nodes, nodeId)?.block == null ? null : nodeId;
};

const isExpanded = ({ editor }: Designer, nodeId: string): boolean =>
  editor.state.expanded.has(editor.pathOf(nodeId));

/** The expanded block that is selected, else the one that is edited within; as its path. */
function expandedAround(designer: Designer): string | null {
  const { editor } = designer;
  const nodeId = selectedBlock(designer);
  if (nodeId !== null && isExpanded(designer, nodeId)) return editor.pathOf(nodeId);
  const { trail, depth } = editor.state;
  return trail.length > depth ? trail.map(({ instanceId }) => instanceId).join('/') : null;
}

function performBlockEdit(designer: Designer, label: string, edit: BlockEditResult): void {
  const { editor } = designer;
  if ('refused' in edit) {
    editor.say(edit.refused);
    return;
  }
  editor.perform(label, edit.operations, { select: edit.nodeIds });
  bringIntoView(designer, edit.nodeIds);
}

export const editCommands: readonly DesignerCommand[] = [
  {
    id: 'undo',
    label: 'Undo',
    group: 'Edit',
    keys: ['Ctrl+Z'],
    places: [],
    isEdit: true,
    predicate: ({ editor }) => editor.state.history.past.length > 0,
    perform: ({ editor }) => editor.undo(),
  },
  {
    id: 'redo',
    label: 'Redo',
    group: 'Edit',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    places: [],
    isEdit: true,
    predicate: ({ editor }) => editor.state.history.future.length > 0,
    perform: ({ editor }) => editor.redo(),
  },
  {
    id: 'duplicate',
    label: 'Duplicate',
    group: 'Edit',
    keys: ['Ctrl+D'],
    places: ['node'],
    isEdit: true,
    predicate: hasNodes,
    perform: duplicateSelection,
  },
  {
    id: 'delete',
    label: 'Delete',
    group: 'Edit',
    keys: ['Delete', 'Backspace'],
    places: ['node', 'edge'],
    isEdit: true,
    predicate: hasSelection,
    perform: (designer) => deleteSelection(designer, 'Delete'),
  },
  {
    id: 'freeze',
    label: 'Freeze or thaw weights',
    group: 'Edit',
    keys: ['F'],
    places: ['node'],
    isEdit: true,
    predicate: hasNodes,
    perform: toggleFrozen,
  },
  {
    id: 'rename',
    label: 'Rename',
    group: 'Edit',
    keys: ['F2'],
    places: ['node'],
    isEdit: true,
    predicate: ({ editor }) => editor.state.nodeIds.size === 1,
    perform: ({ panels }) => panels.set({ focusName: panels.store.getState().focusName + 1 }),
  },
  {
    id: 'group',
    label: 'Make a block of the selection',
    group: 'Blocks',
    keys: ['Ctrl+G'],
    places: ['node'],
    isEdit: true,
    predicate: hasNodes,
    perform: (designer) => {
      const { document, nodeIds } = designer.editor.state;
      const portsOf = portsOfDesigner(designer);
      const { scopeId } = designer.editor;
      const edit = groupIntoBlock(document, scopeId, [...nodeIds], 'Block', portsOf);
      performBlockEdit(designer, 'Make a block', edit);
    },
  },
  {
    id: 'dissolve',
    label: 'Dissolve the block',
    group: 'Blocks',
    keys: ['Ctrl+Shift+G'],
    places: ['node'],
    isEdit: true,
    predicate: (designer) => selectedBlock(designer) !== null,
    perform: (designer) => {
      const nodeId = selectedBlock(designer);
      if (nodeId === null) return;
      const { document } = designer.editor.state;
      const edit = dissolveBlock(
        document,
        designer.editor.scopeId,
        nodeId,
        spacingFor(portsOfDesigner(designer)),
        (node) => takesWeights(designer.catalog, node),
      );
      performBlockEdit(designer, 'Dissolve the block', edit);
    },
  },
  {
    id: 'open-block',
    label: 'Open the block',
    group: 'Blocks',
    keys: ['O'],
    places: ['node'],
    isEdit: false,
    predicate: (designer) => selectedBlock(designer) !== null,
    perform: (designer) => {
      const nodeId = selectedBlock(designer);
      if (nodeId !== null) designer.editor.enter(nodeId);
    },
  },
  {
    id: 'expand-block',
    label: 'Expand the block in place',
    group: 'Blocks',
    keys: ['E'],
    places: ['node'],
    isEdit: false,
    predicate: (designer) => {
      const nodeId = selectedBlock(designer);
      return nodeId !== null && !isExpanded(designer, nodeId);
    },
    perform: (designer) => {
      const nodeId = selectedBlock(designer);
      if (nodeId === null) return;
      designer.editor.expand(nodeId);
      bringIntoView(designer, [nodeId]);
    },
  },
  {
    id: 'collapse-block',
    label: 'Collapse the block',
    group: 'Blocks',
    keys: ['E'],
    places: ['node', 'canvas'],
    isEdit: false,
    predicate: (designer) => expandedAround(designer) !== null,
    perform: (designer) => {
      const path = expandedAround(designer);
      if (path !== null) designer.editor.collapse(path);
    },
  },
  {
    id: 'leave-block',
    label: 'Leave the block',
    group: 'Blocks',
    keys: ['Escape'],
    places: ['canvas'],
    isEdit: false,
    predicate: (designer) => designer.editor.state.trail.length > 0 && !hasSelection(designer),
    perform: ({ editor }) => editor.leaveTo(editor.state.trail.length - 1),
  },
  {
    id: 'comment',
    label: 'Add a comment frame',
    group: 'Edit',
    keys: ['C'],
    places: ['node', 'canvas'],
    isEdit: true,
    predicate: () => true,
    perform: addFrame,
  },
];

function toggleFrozen({ editor }: Designer): void {
  const nodes = [...editor.state.nodeIds].flatMap((nodeId) => {
    const node = lookup(editor.scope.nodes, nodeId);
    return node === undefined ? [] : [{ nodeId, node }];
  });
  const isFrozen = !nodes.every(({ node }) => node.is_frozen);
  const chosen = nodes.map(({ nodeId }) => nodeId);
  const operations = withSharers(editor.scope.nodes, chosen).map((nodeId): Operation => ({
    op: 'set_attribute',
    scope: editor.scopeId,
    node_id: nodeId,
    attribute: 'is_frozen',
    value: isFrozen,
  }));
  editor.perform(isFrozen ? 'Freeze weights' : 'Thaw weights', operations);
}

const FRAME_MARGIN = 24;
const TITLE_HEIGHT = 32;

/** A frame around the selection, or an empty one in the middle of what is seen. */
function addFrame(designer: Designer): void {
  const { editor, panels } = designer;
  const { document, nodeIds } = editor.state;
  const portsOf = portsOfDesigner(designer);
  const around = boundsOf(
    [...nodeIds].flatMap((id) => {
      const node = lookup(editor.scope.nodes, id);
      const place = lookup(document.view.positions, id);
      if (node === undefined || place === undefined) return [];
      return [{ ...place, width: CARD_WIDTH, height: cardHeight(portsOf(node)) }];
    }),
  );
  const centre = panels.canvas?.centre() ?? { x: 0, y: 0 };
  const box = around ?? { x: centre.x - 120, y: centre.y - 60, width: 240, height: 120 };
  const frame = {
    title: 'Comment',
    text: '',
    hue: 220,
    x: box.x - FRAME_MARGIN,
    y: box.y - FRAME_MARGIN - TITLE_HEIGHT,
    width_px: box.width + 2 * FRAME_MARGIN,
    height_px: box.height + 2 * FRAME_MARGIN + TITLE_HEIGHT,
    scope: editor.scopeId,
  };
  editor.perform('Add a comment frame', [{ op: 'set_frame', frame_id: newId(), frame }]);
}
