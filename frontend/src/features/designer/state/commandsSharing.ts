/** Commands about whose weights the selected layers use. */

import { lookup } from '../document/records';
import { computationOrder } from '../document/scope';
import { divide, sharersOf, shareWith, weightsKey } from '../document/sharing';
import type { DesignerCommand } from './commands';
import type { Designer } from './DesignerContext';
import { fittingGroups, takesWeights } from './sharing';
import { pathPrefixOf } from './editorPlace';

/** Selected layers that have weights, first those that are computed first. */
function selected({ editor, catalog }: Designer): string[] {
  const { scope, state } = editor;
  return computationOrder(scope).filter((id) => {
    const node = lookup(scope.nodes, id);
    return state.nodeIds.has(id) && node !== undefined && takesWeights(catalog, node);
  });
}

function share(designer: Designer): void {
  const { editor, live } = designer;
  const { nodes } = editor.scope;
  const prefix = pathPrefixOf(editor.state);
  const known = live.store.getState().nodes;
  const analysisOf = (id: string) => lookup(known, prefix + id);
  const groups = fittingGroups({ nodes, analysisOf }, selected(designer));
  if (groups.length === 0) {
    editor.say(
      'None of these layers has weights of the same form as another. Select layers of one type and one width.',
    );
    return;
  }
  const operations = groups.flatMap(([first = '', ...others]) =>
    shareWith(nodes, editor.scopeId, others, first),
  );
  if (operations.length === 0) {
    editor.say('They use the same weights already.');
    return;
  }
  const { length } = groups.flat();
  editor.perform(`Share weights of ${length} layers`, operations);
}

const sharing = ({ editor }: Designer): string[] => {
  const { nodes } = editor.scope;
  return [...editor.state.nodeIds].filter(
    (id) => weightsKey(nodes, id) !== id || sharersOf(nodes, id).length > 1,
  );
};

export const sharingCommands: readonly DesignerCommand[] = [
  {
    id: 'share-weights',
    label: 'Share weights of the selected layers',
    group: 'Edit',
    places: ['node'],
    isEdit: true,
    predicate: (designer) => selected(designer).length > 1,
    perform: share,
  },
  {
    id: 'own-weights',
    label: 'Give own weights',
    group: 'Edit',
    places: ['node'],
    isEdit: true,
    predicate: (designer) => sharing(designer).length > 0,
    perform: (designer) => {
      const { editor } = designer;
      const operations = divide(editor.scope.nodes, editor.scopeId, sharing(designer));
      editor.perform('Give own weights', operations);
    },
  },
];
