import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMutation } from '@tanstack/react-query';
import { asProblem } from '@/api';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { useNetworkMeta } from '../state/networkMeta';
import { mergeStates, saveMerge, type Choices } from '../state/historyApi';
import { MergeDialog } from './MergeDialog';
import classes from './VersionsList.module.css';

/** On a branch: where it came from, and both ways of merging. */
export function OriginNote() {
  const { origin } = useNetworkMeta();
  const { networkId, editor, saver } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const parentId = origin?.network_id ?? '';
  const onError = (error: Error): void => editor.say(asProblem(error).message);

  /** What merging back would change there; null when nothing would. */
  const plan = useMutation({
    mutationFn: async () => {
      await saver.flush();
      const found = await mergeStates(parentId, { theirs: { network_id: networkId } });
      if (found.conflicts.length > 0 || !found.comparison.is_same) return found;
      editor.say('There is nothing to merge.');
      return null;
    },
    onError,
  });
  const mergeBack = useMutation({
    mutationFn: async (choices: Choices) => {
      await saveMerge(parentId, { theirs: { network_id: networkId }, choices });
      editor.say(`Merged into ${origin?.name ?? 'its origin'}; its versions can take that back.`);
      plan.reset();
    },
    onError,
  });
  const update = useMutation({
    mutationFn: async (choices: Choices | null) => {
      await saver.flush();
      const request = { theirs: { network_id: parentId }, choices: choices ?? {} };
      const merged = await mergeStates(networkId, request);
      if (choices === null && merged.conflicts.length > 0) return merged;
      const isChanged = editor.perform('Merge from origin', merged.operations);
      editor.say(
        isChanged ? `Merged from ${origin?.name ?? 'its origin'}.` : 'There is nothing to merge.',
        { offersUndo: isChanged },
      );
      return null;
    },
    onError,
  });
  if (origin === null || origin.is_deleted) return null;
  return (
    <div className={classes.origin}>
      <span>
        Branch of{' '}
        <Link to="/networks/$networkId" params={{ networkId: parentId }}>
          {origin.name}
        </Link>
        , revision {origin.revision}
      </span>
      {canEdit && (
        <>
          <Button
            size="compact-xs"
            variant="default"
            loading={plan.isPending}
            onClick={() => plan.mutate()}
          >
            Merge back…
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            loading={update.isPending}
            onClick={() => update.mutate(null)}
          >
            Take over what changed there
          </Button>
        </>
      )}
      <MergeDialog
        title={`Merge into ${origin.name}`}
        merged={plan.data ?? null}
        sides={{ ours: origin.name, theirs: 'Branch' }}
        isBusy={mergeBack.isPending}
        onMerge={(choices) => mergeBack.mutate(choices)}
        onClose={() => plan.reset()}
      />
      <MergeDialog
        title={`Merge from ${origin.name}`}
        merged={update.data ?? null}
        sides={{ ours: 'Branch', theirs: origin.name }}
        isBusy={update.isPending}
        onMerge={(choices) => update.mutate(choices)}
        onClose={() => update.reset()}
      />
    </div>
  );
}
