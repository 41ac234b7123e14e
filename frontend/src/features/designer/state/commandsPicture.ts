/** The drawing as a file or on paper. */

import { printPicture } from '../picture/printPicture';
import { savePng, saveSvg } from '../picture/savePicture';
import { isEmpty } from '../document/records';
import type { DesignerCommand } from './commands';
import type { Designer } from './DesignerContext';

const GROUP = 'Picture';

const isDrawn = ({ editor }: Designer): boolean => !isEmpty(editor.scope.nodes);
const isSelected = ({ editor }: Designer): boolean => editor.state.nodeIds.size > 0;

type Kind = 'svg' | 'png';

function save(designer: Designer, kind: Kind, nodeIds: ReadonlySet<string> | null): void {
  if (kind === 'svg') saveSvg(designer, nodeIds);
  else void savePng(designer, nodeIds);
}

const savesAll = (kind: Kind): DesignerCommand => ({
  id: `save-${kind}`,
  label: `Save the picture as ${kind.toUpperCase()}`,
  group: GROUP,
  places: ['canvas'],
  isEdit: false,
  predicate: isDrawn,
  perform: (designer) => save(designer, kind, null),
});

const savesSelection = (kind: Kind): DesignerCommand => ({
  id: `save-selection-${kind}`,
  label: `Save the selection as ${kind.toUpperCase()}`,
  group: GROUP,
  places: ['node'],
  isEdit: false,
  predicate: isSelected,
  perform: (designer) => save(designer, kind, designer.editor.state.nodeIds),
});

export const pictureCommands: readonly DesignerCommand[] = [
  savesAll('svg'),
  savesAll('png'),
  savesSelection('svg'),
  savesSelection('png'),
  {
    id: 'print',
    label: 'Print the picture…',
    group: GROUP,
    keys: ['Ctrl+P'],
    places: ['canvas'],
    isEdit: false,
    predicate: isDrawn,
    perform: (designer) => void printPicture(designer),
  },
];
