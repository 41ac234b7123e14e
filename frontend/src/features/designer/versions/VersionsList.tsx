import { Badge, Button, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconHistory } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { asProblem } from '@/api';
import { formatAgo, formatDateTime, plural } from '@/lib';
import { parseDocument } from '../document/parse';
import { createVersion, listVersions, restoreVersion } from '../state/api';
import type { VersionSummary } from '../state/contract';
import { useDesigner, useEditor, usePanels, useSaver } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './VersionsList.module.css';

/** Named states of the network. Restoring one is a new state: nothing is lost by it. */
export function VersionsList() {
  const { networkId } = useDesigner();
  const { data: versions, error } = useQuery({
    queryKey: ['network-versions', networkId],
    queryFn: () => listVersions(networkId),
  });
  const canEdit = useEditor((state) => state.canEdit);
  return (
    <div className={classes.root}>
      {canEdit && <NameForm />}
      {error !== null && <p className={classes.none}>{asProblem(error).message}</p>}
      {versions?.length === 0 && (
        <p className={classes.none}>
          No versions yet. Every edit is saved by itself; name a state here to come back to it. Each
          training run keeps its own as well.
        </p>
      )}
      <ul className={classes.list}>
        {versions?.map((version) => (
          <VersionRow key={version.id} version={version} />
        ))}
      </ul>
    </div>
  );
}

function NameForm() {
  const { networkId, saver, panels, editor } = useDesigner();
  const client = useQueryClient();
  const isNaming = usePanels((state) => state.isNamingVersion);
  const [name, setName] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!isNaming) return;
    input.current?.focus();
    panels.set({ isNamingVersion: false });
  }, [isNaming, panels]);
  const create = useMutation({
    mutationFn: async (wanted: string) => {
      await saver.flush();
      return createVersion(networkId, wanted);
    },
    onSuccess: (version) => {
      setName('');
      editor.announce(`Version ${version.name} saved`);
      return client.invalidateQueries({ queryKey: ['network-versions', networkId] });
    },
    onError: (error) => editor.say(asProblem(error).message),
  });
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') create.mutate(name.trim());
      }}
    >
      <TextInput
        ref={input}
        size="xs"
        value={name}
        maxLength={120}
        placeholder="Name this state, e.g. before dropout"
        aria-label="Name of the version"
        data-testid={DESIGNER_IDS.versionName}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button
        type="submit"
        size="xs"
        variant="default"
        disabled={name.trim() === ''}
        loading={create.isPending}
        data-testid={DESIGNER_IDS.versionSave}
      >
        Save version
      </Button>
    </form>
  );
}

function VersionRow({ version }: { version: VersionSummary }) {
  const { networkId, saver, editor } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const revision = useSaver((state) => state.revision);
  const restore = useMutation({
    mutationFn: async () => {
      await saver.flush();
      return restoreVersion(networkId, version.id);
    },
    onSuccess: (network) => {
      saver.discard(parseDocument(network.document), network.revision);
      editor.announce(`Version ${version.name} restored`);
    },
    onError: (error) => editor.say(asProblem(error).message),
  });
  const ask = (): void => {
    modals.openConfirmModal({
      title: `Restore “${version.name || `revision ${version.revision}`}”?`,
      children: 'The network becomes what it was then. What it is now stays in its history.',
      labels: { confirm: 'Restore', cancel: 'Keep it as it is' },
      onConfirm: () => restore.mutate(),
    });
  };
  return (
    <li className={classes.row} data-testid={DESIGNER_IDS.versionRow}>
      <IconHistory size={16} stroke={1.7} className={classes.icon} aria-hidden />
      <span className={classes.name}>{version.name || 'Made for a run'}</span>
      <span className={classes.dim} title={formatDateTime(version.created_at)}>
        {formatAgo(version.created_at)}
        {version.author !== null && ` by ${version.author}`}, revision {version.revision}
      </span>
      {version.pinned_by_runs > 0 && (
        <Badge color="gray">{plural(version.pinned_by_runs, 'run')}</Badge>
      )}
      {version.revision === revision && <Badge>now</Badge>}
      <span className={classes.space} />
      {canEdit && version.revision !== revision && (
        <Button
          size="compact-xs"
          variant="default"
          loading={restore.isPending}
          data-testid={DESIGNER_IDS.versionRestore}
          onClick={ask}
        >
          Restore
        </Button>
      )}
    </li>
  );
}
