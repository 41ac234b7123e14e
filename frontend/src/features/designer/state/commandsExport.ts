/** Taking the network away. */

import type { DesignerCommand } from './commands';

export const exportCommands: readonly DesignerCommand[] = [
  {
    id: 'export',
    label: 'Export…',
    group: 'Network',
    places: ['canvas'],
    isEdit: false,
    predicate: ({ editor }) => Object.keys(editor.state.document.graph.nodes).length > 0,
    // What is written is what the server has.
    perform: ({ panels, saver }) => void saver.flush().then(() => panels.set({ isExporting: true })),
  },
];
