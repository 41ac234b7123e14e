import { useMutation } from '@tanstack/react-query';
import { parseDocument } from '../document/parse';
import { getNetwork } from '../state/api';
import { useDesigner, type Designer } from '../state/DesignerContext';
import { mergeStates, type Choices, type Merged } from '../state/historyApi';

/**
 * Merge this page's edits into what the server has by now. The answer lists the conflicts that
 * need a choice; without any the edits are on top already, as one step that undo takes back.
 */
export function useMergeEdits() {
  const designer = useDesigner();
  return useMutation({ mutationFn: (choices: Choices | null) => mergeEdits(designer, choices) });
}

async function mergeEdits(designer: Designer, choices: Choices | null): Promise<Merged> {
  const { networkId, editor, saver } = designer;
  const merged = await mergeStates(networkId, {
    base: { document: saver.mergeBase },
    ours: { document: editor.state.document },
    theirs: {},
    choices: choices ?? {},
  });
  if (choices === null && merged.conflicts.length > 0) return merged;
  const latest = await getNetwork(networkId);
  // Somebody saved in between: merge with that as well.
  if (latest.revision !== merged.revision) return mergeEdits(designer, choices);
  saver.discard(parseDocument(latest.document), latest.revision);
  editor.perform('Merge edits', merged.operations);
  editor.say(['Both sides were merged.', ...merged.notes].join(' '), { offersUndo: true });
  return merged;
}
