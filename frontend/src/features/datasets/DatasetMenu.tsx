import { ActionIcon, Button, Menu, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Dataset, type DatasetSummary } from '@/api';
import { useConfirmInUse } from '@/features/training';
import { TESTIDS } from '@/lib';
import { ProblemNotice, showBinned } from '@/ui';
import classes from './DatasetsPage.module.css';

type Named = Pick<DatasetSummary, 'id' | 'name'>;

interface DatasetMenuProps {
  dataset: Named;
  /** The page of the dataset has to be left once it is in the bin. */
  onDeleted?: () => void;
}

/** Rename and delete, for somebody who may edit. */
export function DatasetMenu({ dataset, onDeleted }: DatasetMenuProps) {
  const client = useQueryClient();
  const confirmInUse = useConfirmInUse();
  const refresh = () => client.invalidateQueries({ queryKey: ['datasets'] });
  const remove = useMutation({
    mutationFn: () => http.delete(`/api/datasets/${dataset.id}`),
    onSuccess: async () => {
      onDeleted?.();
      showBinned(dataset, async () => {
        await http.post(`/api/datasets/${dataset.id}/restore`);
        await refresh();
      });
      await refresh();
    },
  });
  const rename = () =>
    modals.open({ modalId: 'rename-dataset', title: 'Rename the dataset', children: <RenameForm dataset={dataset} /> });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size={32} aria-label={`More about ${dataset.name}`} data-testid={TESTIDS.data.menu}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={15} />} onClick={rename} data-testid={TESTIDS.data.rename}>
          Rename
        </Menu.Item>
        <Menu.Item
          color="red"
          leftSection={<IconTrash size={15} />}
          onClick={() => confirmInUse({ kind: 'dataset', ...dataset }, () => remove.mutate())}
          data-testid={TESTIDS.data.delete}
        >
          Move to the bin
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function RenameForm({ dataset }: { dataset: Named }) {
  const [name, setName] = useState(dataset.name);
  const client = useQueryClient();
  const rename = useMutation({
    mutationFn: () => http.patch<Dataset>(`/api/datasets/${dataset.id}`, { name: name.trim() }),
    onSuccess: async () => {
      modals.close('rename-dataset');
      await client.invalidateQueries({ queryKey: ['datasets'] });
    },
    meta: { showsOwnError: true },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    rename.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="Name"
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid={TESTIDS.data.createName}
      />
      {rename.error && <ProblemNotice error={rename.error} />}
      <Button type="submit" disabled={name.trim() === ''} loading={rename.isPending} data-testid={TESTIDS.data.createSubmit}>
        Rename
      </Button>
    </form>
  );
}
