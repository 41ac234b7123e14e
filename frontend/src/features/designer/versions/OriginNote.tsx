import { Button, Modal } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMutation } from '@tanstack/react-query';
import { asProblem } from '@/api';
import { MergeChoices } from '../frame/MergeChoices';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { useNetworkMeta } from '../state/networkMeta';
import { mergeStates, saveMerge, type Choices } from '../state/historyApi';
import classes from './VersionsList.module.css';

/** On a branch: where it came from, and both ways of merging. */
export function OriginNote() {
  const { origin } = useNetworkMeta();
  const { networkId, editor, saver } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const parentId = origin?.network_id ?? '';
  const mergeBack = useMutation({
    mutationFn: async (choices: Choices | null) => {
      await saver.flush();
      const request = { theirs: { network_id: networkId }, choices: choices ?? {} };
      const found = choices === null ? await mergeStates(parentId, request) : null;
      if (found !== null && found.conflicts.length > 0) return found;
      const merged = await saveMerge(parentId, request);
      editor.say(`Merged into ${origin?.name ?? 'its origin'}.`);
      return { ...merged, conflicts: [] };
    },
    onError: (error) => editor.say(asProblem(error).message),
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
      return { ...merged, conflicts: [] };
    },
    onError: (error) => editor.say(asProblem(error).message),
  });
  if (origin === null || origin.is_deleted) return null;
  const asked = [mergeBack, update].find(({ data }) => (data?.conflicts.length ?? 0) > 0);
  const isBack = asked === mergeBack;
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
            loading={mergeBack.isPending}
            onClick={() => mergeBack.mutate(null)}
          >
            Merge back
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            loading={update.isPending}
            onClick={() => update.mutate(null)}
          >
            Take over its changes
          </Button>
        </>
      )}
      <Modal
        opened={asked !== undefined}
        onClose={() => asked?.reset()}
        title={isBack ? `Merge into ${origin.name}` : `Merge from ${origin.name}`}
      >
        {asked?.data !== undefined && (
          <MergeChoices
            conflicts={asked.data.conflicts}
            sides={
              isBack ? { ours: origin.name, theirs: 'Branch' } : { ours: 'Branch', theirs: origin.name }
            }
            isBusy={asked.isPending}
            onMerge={(choices) => asked.mutate(choices)}
            onBack={() => asked.reset()}
          />
        )}
      </Modal>
    </div>
  );
}
