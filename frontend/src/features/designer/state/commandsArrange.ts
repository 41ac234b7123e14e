/** Commands that move layers. */

import { align, distribute, type Alignment, type Box, type Positions } from '../document/arrange';
import { isEmpty, lookup } from '../document/records';
import { CARD_WIDTH, cardHeight, GRID } from '../canvas/geometry';
import type { DesignerCommand } from './commands';
import { portsOfDesigner, type Designer } from './DesignerContext';

function selectedBoxes(designer: Designer): Box[] {
  const { editor } = designer;
  const portsOf = portsOfDesigner(designer);
  return [...editor.state.nodeIds].flatMap((id): Box[] => {
    const node = lookup(editor.scope.nodes, id);
    const place = lookup(editor.state.document.view.positions, id);
    if (node === undefined || place === undefined) return [];
    return [{ id, ...place, width: CARD_WIDTH, height: cardHeight(portsOf(node)) }];
  });
}

function move({ editor }: Designer, label: string, positions: Positions, mergeKey?: string): void {
  if (Object.keys(positions).length === 0) return;
  const operations = [{ op: 'move_nodes', positions } as const];
  editor.perform(label, operations, mergeKey === undefined ? {} : { mergeKey });
}

const isSelected =
  (count: number) =>
  ({ editor }: Designer): boolean =>
    editor.state.nodeIds.size >= count;

/** Layers without a place of their own, such as imported ones. */
const neverPlaced = ({ editor }: Designer): string[] => {
  const { positions } = editor.state.document.view;
  return Object.keys(editor.scope.nodes).filter((id) => !Object.hasOwn(positions, id));
};

const alignCommand = (alignment: Alignment): DesignerCommand => ({
  id: `align-${alignment}`,
  label: `Align ${alignment}`,
  group: 'Arrange',
  places: [],
  isEdit: true,
  predicate: isSelected(2),
  perform: (designer) =>
    move(designer, `Align ${alignment}`, align(selectedBoxes(designer), alignment)),
});

const distributeCommand = (direction: 'across' | 'down'): DesignerCommand => ({
  id: `distribute-${direction}`,
  label: `Distribute ${direction}`,
  group: 'Arrange',
  places: [],
  isEdit: true,
  predicate: isSelected(3),
  perform: (designer) =>
    move(designer, `Distribute ${direction}`, distribute(selectedBoxes(designer), direction)),
});

const nudgeCommand = (key: string, word: string, x: number, y: number): DesignerCommand => ({
  id: `nudge-${word}`,
  label: `Move ${word}`,
  group: 'Arrange',
  keys: [`Alt+${key}`],
  places: [],
  isEdit: true,
  predicate: isSelected(1),
  perform: (designer) => {
    const places = selectedBoxes(designer).map(
      (box) => [box.id, { x: box.x + x * GRID, y: box.y + y * GRID }] as const,
    );
    move(designer, `Move ${word}`, Object.fromEntries(places), 'nudge');
  },
});

export const arrangeCommands: readonly DesignerCommand[] = [
  ...(['left', 'centre', 'right', 'top', 'middle', 'bottom'] as const).map(alignCommand),
  distributeCommand('across'),
  distributeCommand('down'),
  nudgeCommand('ArrowLeft', 'left', -1, 0),
  nudgeCommand('ArrowRight', 'right', 1, 0),
  nudgeCommand('ArrowUp', 'up', 0, -1),
  nudgeCommand('ArrowDown', 'down', 0, 1),
  {
    id: 'tidy',
    label: 'Tidy: lay out automatically',
    group: 'Arrange',
    keys: ['T'],
    places: ['canvas'],
    isEdit: true,
    predicate: ({ editor }) => !isEmpty(editor.scope.nodes),
    perform: ({ panels }) => panels.canvas?.tidy(null),
  },
  {
    id: 'tidy-selection',
    label: 'Tidy the selection, the rest stays',
    group: 'Arrange',
    keys: ['Shift+T'],
    places: ['node'],
    isEdit: true,
    predicate: isSelected(2),
    perform: ({ editor, panels }) => panels.canvas?.tidy([...editor.state.nodeIds]),
  },
  {
    id: 'tidy-unplaced',
    label: 'Tidy what was never placed, the rest stays',
    group: 'Arrange',
    places: ['canvas'],
    isEdit: true,
    predicate: (designer) => neverPlaced(designer).length > 0,
    perform: (designer) => designer.panels.canvas?.tidy(neverPlaced(designer)),
  },
];
