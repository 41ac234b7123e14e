import { Button, Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { asProblem } from '@/api';
import { roleAllows, useSession } from '@/lib';
import { downloadBlob } from '@/ui';
import { parseDocument } from '../document/parse';
import { createNetwork, getNetwork } from '../state/api';
import { useDesigner, useSaver } from '../state/DesignerContext';
import { useNetworkMeta } from '../state/networkMeta';
import { DESIGNER_IDS } from '../testids';
import classes from './ConflictDialog.module.css';
import { MergeChoices } from './MergeChoices';
import { useMergeEdits } from './useMerge';

/** Edits that cannot be saved as they are: merge what fits, keep them as a copy, or let them go. */
export function ConflictDialog() {
  const { networkId, projectId, editor, saver } = useDesigner();
  const { name, dataset_id: datasetId } = useNetworkMeta();
  const { state, conflict, reason } = useSaver((saved) => saved);
  const { data: session } = useSession();
  const navigate = useNavigate();
  const places = (session?.projects ?? []).filter(({ role }) => roleAllows(role, 'editor'));
  // Its own project may be in the bin, or closed to this person by now.
  const isHome = places.some(({ id }) => id === projectId);
  const elsewhere = isHome ? undefined : places[0];
  const takeTheirs = async (): Promise<void> => {
    const latest = await getNetwork(networkId);
    saver.discard(parseDocument(latest.document), latest.revision);
  };
  const copy = useMutation({
    mutationFn: async () => {
      const made = await createNetwork(elsewhere?.id ?? projectId, {
        name: `${name} (my edits)`.slice(0, 120),
        document: editor.state.document,
        ...(datasetId === null || elsewhere ? {} : { dataset_id: datasetId }),
      });
      if (elsewhere) saver.discard(editor.state.document, saver.revision);
      else await takeTheirs();
      return made;
    },
    onSuccess: (made) => navigate({ to: '/networks/$networkId', params: { networkId: made.id } }),
  });
  const reload = useMutation({ mutationFn: takeTheirs });
  const isOpen = state === 'conflict' || state === 'refused';
  const merge = useMergeEdits();
  const conflicts = isOpen ? (merge.data?.conflicts ?? []) : [];
  const saveAsFile = (): void => {
    const text = JSON.stringify(editor.state.document, null, 2);
    downloadBlob(`${name}.json`, new Blob([text], { type: 'application/json' }));
  };
  const error = copy.error ?? reload.error ?? merge.error;
  return (
    <Modal
      opened={isOpen}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      title={
        state === 'conflict' ? 'Two people changed the same things' : 'Your edits were refused'
      }
      data-testid={DESIGNER_IDS.conflict}
    >
      {conflicts.length > 0 ? (
        <MergeChoices
          conflicts={conflicts}
          sides={{ ours: 'Mine', theirs: 'Theirs' }}
          isBusy={merge.isPending}
          onMerge={(choices) => merge.mutate(choices, { onSuccess: () => merge.reset() })}
          onBack={() => merge.reset()}
        />
      ) : (
        <>
      <p className={classes.text}>
        {state === 'conflict'
          ? `Your last edits do not fit on what ${authors(conflict?.operations_since)} saved meanwhile.`
          : 'The server did not take your last edits. They are kept in this browser.'}
      </p>
      <p className={classes.reason}>{reason}</p>
      {error !== null && <p className={classes.reason}>{asProblem(error).message}</p>}
      <div className={classes.buttons}>
        {conflict !== null && state === 'conflict' && (
          <Button loading={merge.isPending} onClick={() => merge.mutate(null)}>
            Merge
          </Button>
        )}
        {state === 'refused' && <Button onClick={() => saver.sendAgain()}>Try again</Button>}
        <Button variant="default" loading={copy.isPending} onClick={() => copy.mutate()}>
          {elsewhere ? `Keep mine as a copy in ${elsewhere.name}` : 'Keep mine as a copy'}
        </Button>
        <Button variant="default" onClick={saveAsFile}>
          Save mine as a file
        </Button>
        <Button
          variant="default"
          color="red"
          loading={reload.isPending}
          onClick={() => reload.mutate()}
        >
          Drop mine and reload
        </Button>
      </div>
        </>
      )}
    </Modal>
  );
}

function authors(saves: readonly { author: string | null }[] | undefined): string {
  const names = [...new Set((saves ?? []).flatMap(({ author }) => author ?? []))];
  return names.length === 0 ? 'another page' : names.join(' and ');
}
