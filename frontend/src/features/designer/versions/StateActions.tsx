import { Button, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { asProblem } from '@/api';
import { parseDocument } from '../document/parse';
import { restoreVersion } from '../state/api';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { branchNetwork, restoreRevision, type NetworkState } from '../state/historyApi';
import { useNetworkMeta } from '../state/networkMeta';
import { DESIGNER_IDS } from '../testids';

interface StateActionsProps {
  state: NetworkState;
  name: string;
  isNow: boolean;
}

/** What can be done with an earlier state: look at the difference, branch off it, go back to it. */
export function StateActions({ state, name, isNow }: StateActionsProps) {
  const { comparing, saver, editor } = useDesigner();
  const canEdit = useEditor((each) => each.canEdit);
  const restore = useRestore(state, name);
  const branch = useBranch(state);
  const askRestore = (): void => {
    modals.openConfirmModal({
      title: `Restore “${name}”?`,
      children: 'The network becomes what it was then. What it is now stays in its history.',
      labels: { confirm: 'Restore', cancel: 'Keep it as it is' },
      onConfirm: () => restore.mutate(),
    });
  };
  const compare = async (): Promise<void> => {
    await saver.flush();
    comparing.begin(state, name);
    editor.select([]);
  };
  return (
    <>
      {!isNow && (
        <Button
          size="compact-xs"
          variant="default"
          data-testid={DESIGNER_IDS.compareNow}
          onClick={() => void compare()}
        >
          Compare with now
        </Button>
      )}
      {canEdit && (
        <Button
          size="compact-xs"
          variant="default"
          loading={branch.isPending}
          data-testid={DESIGNER_IDS.branch}
          onClick={() => askBranchName(name, (chosen) => branch.mutate(chosen))}
        >
          Branch
        </Button>
      )}
      {canEdit && !isNow && (
        <Button
          size="compact-xs"
          variant="default"
          loading={restore.isPending}
          data-testid={DESIGNER_IDS.versionRestore}
          onClick={askRestore}
        >
          Restore
        </Button>
      )}
    </>
  );
}

function useRestore(state: NetworkState, name: string) {
  const { networkId, saver, editor } = useDesigner();
  return useMutation({
    mutationFn: async () => {
      await saver.flush();
      if (state.version_id !== undefined) return restoreVersion(networkId, state.version_id);
      return restoreRevision(networkId, state.revision ?? 0);
    },
    onSuccess: (network) => {
      saver.discard(parseDocument(network.document), network.revision);
      editor.announce(`${name} restored`);
    },
    onError: (error) => editor.say(asProblem(error).message),
  });
}

function useBranch(state: NetworkState) {
  const { networkId, saver, editor } = useDesigner();
  const { name } = useNetworkMeta();
  const navigate = useNavigate();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (chosen: string) => {
      await saver.flush();
      return branchNetwork(networkId, chosen || `${name} branch`.slice(0, 120), state);
    },
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['network-versions', networkId] });
      return navigate({ to: '/networks/$networkId', params: { networkId: made.id } });
    },
    onError: (error) => editor.say(asProblem(error).message),
  });
}

function askBranchName(from: string, onChosen: (name: string) => void): void {
  let chosen = '';
  const modalId = 'branch-off';
  const submit = (): void => {
    modals.close(modalId);
    onChosen(chosen.trim());
  };
  modals.open({
    modalId,
    title: `Branch off from ${from}`,
    children: (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextInput
          data-autofocus
          label="Name of the branch"
          description="A network of its own that can be merged back later. Without a name it is called after this one."
          maxLength={120}
          onChange={(event) => {
            chosen = event.currentTarget.value;
          }}
        />
        <Button type="submit" mt="md">
          Make the branch
        </Button>
      </form>
    ),
  });
}
