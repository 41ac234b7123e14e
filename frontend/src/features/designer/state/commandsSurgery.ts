/** Model surgery: each act opens its dialog, which says what survives before anything is done. */

import { isEmpty } from '../document/records';
import type { CommandPlace, DesignerCommand } from './commands';
import type { Designer } from './DesignerContext';
import type { SurgeryTarget } from './surgery';

export const SURGERY = 'Surgery';

type Needs = 'network' | 'node' | 'nodes' | 'place' | 'placeholder';

const possible: Record<Needs, (designer: Designer) => boolean> = {
  network: ({ editor }) => !isEmpty(editor.scope.nodes),
  node: ({ editor }) => editor.state.nodeIds.size === 1,
  nodes: ({ editor }) => editor.state.nodeIds.size > 0,
  placeholder: ({ editor }) => {
    const [id = ''] = editor.state.nodeIds;
    return editor.state.nodeIds.size === 1 && editor.scope.nodes[id]?.type === 'Placeholder';
  },
  place: ({ editor }) =>
    editor.state.nodeIds.size === 1 ||
    (editor.state.nodeIds.size === 0 && editor.state.edgeIds.size === 1),
};

const FIRST: Record<Needs, string> = {
  network: 'Draw a layer first.',
  node: 'Select one layer first.',
  nodes: 'Select layers first.',
  placeholder: 'Select one placeholder first.',
  place: 'Select one layer or one connection first.',
};

/** What is selected, as acts take it. */
export function surgeryTarget({ editor }: Designer, needs: Needs): SurgeryTarget {
  const { nodeIds, edgeIds } = editor.state;
  const [edgeId] = edgeIds;
  return {
    scope: editor.scopeId,
    node_ids: [...nodeIds],
    edge_id: needs === 'place' && nodeIds.size === 0 ? (edgeId ?? null) : null,
  };
}

function surgery(
  act: string,
  label: string,
  needs: Needs,
  places: readonly CommandPlace[],
  ...keywords: readonly string[]
): DesignerCommand {
  return {
    id: `surgery-${act}`,
    label: `${label}…`,
    keywords: ['surgery', ...keywords],
    group: SURGERY,
    places,
    isEdit: true,
    needs: FIRST[needs],
    predicate: possible[needs],
    perform: (designer) =>
      designer.panels.set({ surgery: { act, target: surgeryTarget(designer, needs) } }),
  };
}

export const surgeryCommands: readonly DesignerCommand[] = [
  surgery('replace_head', 'Replace the head', 'network', ['node', 'canvas']),
  surgery('attach_pyramid', 'Attach a feature pyramid', 'network', ['node', 'canvas']),
  surgery('attach_unet', 'Attach a U-Net decoder', 'network', ['node', 'canvas']),
  surgery('choose_boxes', 'Choose the best boxes', 'network', ['canvas']),
  surgery('freeze_up_to', 'Freeze up to here', 'nodes', ['node']),
  surgery('unfreeze_from', 'Unfreeze from here on', 'nodes', ['node']),
  surgery('unfreeze_next', 'Unfreeze the next group', 'network', ['canvas']),
  surgery('insert_layer', 'Insert a layer that fits', 'place', ['node', 'edge']),
  surgery('swap_layer', 'Swap for another type', 'nodes', ['node']),
  surgery('replace_placeholder', 'Replace the placeholder', 'placeholder', ['node']),
  surgery('change_width', 'Widen or narrow', 'node', ['node']),
  surgery('change_heads', 'Change the number of heads', 'node', ['node']),
  surgery('cut_branch', 'Cut this branch', 'place', ['node', 'edge']),
  surgery('merge_network', 'Merge another network', 'network', ['node', 'canvas'], 'merge two networks'),
];
