/** Commands that change what is seen, not the network. */

import type { DesignerCommand } from './commands';
import type { Designer } from './DesignerContext';
import type { BottomTab } from './panels';

const show = (tab: BottomTab, label: string): DesignerCommand => ({
  id: `show-${tab}`,
  label,
  group: 'View',
  places: [],
  isEdit: false,
  predicate: () => true,
  perform: ({ panels }) => panels.showBottom(tab),
});

const always = (): boolean => true;

export const viewCommands: readonly DesignerCommand[] = [
  {
    id: 'fit',
    label: 'Show the whole network',
    group: 'View',
    keys: ['Shift+1'],
    places: ['canvas'],
    isEdit: false,
    predicate: always,
    perform: ({ panels }) => panels.canvas?.fit(),
  },
  {
    id: 'zoom-in',
    label: 'Zoom in',
    group: 'View',
    keys: ['+', '='],
    places: [],
    isEdit: false,
    predicate: always,
    perform: ({ panels }) => panels.canvas?.zoomBy(1.25),
  },
  {
    id: 'zoom-out',
    label: 'Zoom out',
    group: 'View',
    keys: ['-'],
    places: [],
    isEdit: false,
    predicate: always,
    perform: ({ panels }) => panels.canvas?.zoomBy(0.8),
  },
  {
    id: 'zoom-100',
    label: 'Zoom to 100 %',
    group: 'View',
    keys: ['0'],
    places: [],
    isEdit: false,
    predicate: always,
    perform: ({ panels }) => panels.canvas?.zoomTo(1),
  },
  {
    id: 'select-all',
    label: 'Select everything',
    group: 'View',
    keys: ['Ctrl+A'],
    places: ['canvas'],
    isEdit: false,
    predicate: always,
    perform: ({ editor }) => editor.select(Object.keys(editor.scope.nodes)),
  },
  {
    id: 'select-none',
    label: 'Select nothing',
    group: 'View',
    keys: ['Escape'],
    places: [],
    isEdit: false,
    predicate: ({ editor }: Designer) => {
      const { nodeIds, edgeIds, frameIds } = editor.state;
      return nodeIds.size + edgeIds.size + frameIds.size > 0;
    },
    perform: ({ editor }) => editor.select([]),
  },
  {
    id: 'preview',
    label: 'Preview a sample in every layer',
    group: 'View',
    keys: ['P'],
    places: ['canvas'],
    isEdit: false,
    predicate: always,
    perform: ({ preview, editor }) => {
      preview.toggle();
      editor.announce(preview.state.isOn ? 'Preview on' : 'Preview off');
    },
  },
  {
    id: 'find',
    label: 'Find in the network…',
    group: 'View',
    keys: ['Ctrl+F'],
    places: ['canvas'],
    isEdit: false,
    predicate: always,
    perform: ({ panels }) => panels.set({ finding: panels.store.getState().finding + 1 }),
  },
  {
    id: 'shortcuts',
    label: 'Keyboard shortcuts…',
    group: 'View',
    keys: ['?'],
    places: ['canvas'],
    isEdit: false,
    predicate: always,
    perform: ({ panels }) => panels.set({ isShortcutsOpen: true }),
  },
  show('layers', 'Show the layers table'),
  show('problems', 'Show the problems'),
  show('code', 'Show the PyTorch code'),
  show('versions', 'Show the versions'),
  show('comments', 'Show the comments'),
  show('outline', 'Show the outline'),
  {
    id: 'save-version',
    label: 'Name a version…',
    group: 'Network',
    keys: ['Ctrl+S'],
    places: [],
    isEdit: true,
    predicate: always,
    perform: ({ panels }) => {
      panels.showBottom('versions');
      panels.set({ isNamingVersion: true });
    },
  },
  {
    id: 'load-weights',
    label: 'Load weights…',
    group: 'Network',
    keys: [],
    places: [],
    isEdit: true,
    predicate: always,
    // They are matched to what the server has: the last edits go there first.
    perform: ({ panels, saver }) =>
      void saver.flush().then(() => panels.set({ isLoadingWeights: true })),
  },
  {
    id: 'train',
    label: 'Train this network…',
    group: 'Network',
    keys: ['Ctrl+Enter'],
    places: [],
    isEdit: true,
    predicate: always,
    // A run takes what the server has: the last edits go there first.
    perform: ({ panels, saver }) => void saver.flush().then(() => panels.set({ isTraining: true })),
  },
];
