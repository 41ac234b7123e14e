/** Taking the network away. */

import { isEmpty } from '../document/records';
import type { DesignerCommand } from './commands';

export const exportCommands: readonly DesignerCommand[] = [
  {
    id: 'export',
    label: 'Export…',
    group: 'Network',
    places: ['canvas'],
    isEdit: false,
    predicate: ({ editor }) => !isEmpty(editor.state.document.graph.nodes),
    // What is written is what the server has.
    perform: ({ panels, saver }) => void saver.flush().then(() => panels.set({ isExporting: true })),
  },
];
