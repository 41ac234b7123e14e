import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { asProblem } from '@/api';
import { ComparisonText } from '../compare/ComparisonText';
import { createVersion } from '../state/api';
import { useDesigner, useEditor, usePanels } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { History } from './History';
import { OtherNetwork } from './OtherNetwork';
import { OriginNote } from './OriginNote';
import classes from './VersionsList.module.css';

/** Named states of the network, what runs keep, and every save in between. */
export function VersionsList() {
  const canEdit = useEditor((state) => state.canEdit);
  return (
    <div className={classes.root}>
      <div className={classes.history}>
        <div className={classes.bar}>
          {canEdit && <NameForm />}
          <OtherNetwork />
          <OriginNote />
        </div>
        <History />
      </div>
      <ComparisonText />
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

