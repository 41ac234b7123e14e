import { Button, Kbd, Menu } from '@mantine/core';
import { IconArrowBackUp, IconChevronUp, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { http, type Dataset, type Item } from '@/api';
import { TESTIDS, plural } from '@/lib';
import { datasetQuery, itemsKey } from '../api';
import classes from './GalleryTab.module.css';
import { batches } from './useLabeling';

interface SelectionBarProps {
  dataset: Dataset;
  selected: readonly Item[];
  onClear: () => void;
  onUnlabel: () => void;
  onReviewedEmpty: () => void;
  onUndo: (() => void) | null;
}

/** What can be done with the selection, at the foot of the gallery; always there, so nothing jumps. */
export function SelectionBar(props: SelectionBarProps) {
  const { dataset, selected, onClear, onUnlabel, onReviewedEmpty, onUndo } = props;
  const { setSplit, remove } = useItemChanges(dataset.id, selected, onClear);
  const isEmpty = selected.length === 0;
  return (
    <div className={classes.bar} role="toolbar" aria-label="Selection">
      <span className={classes.selected} data-testid={TESTIDS.data.selectionCount} aria-live="polite">
        {isEmpty ? 'Nothing selected' : `${plural(selected.length, 'image')} selected`}
      </span>
      {isEmpty && (
        <span className={classes.keys}>
          <Kbd size="xs">←↑→↓</Kbd> move <Kbd size="xs">Shift</Kbd> range <Kbd size="xs">Enter</Kbd> open
          {dataset.can_label && (
            <>
              {' '}
              <Kbd size="xs">0</Kbd> no label
            </>
          )}
        </span>
      )}
      <div className={classes.spacer} />
      {dataset.can_label && (
        <>
          <Button size="xs" variant="default" disabled={isEmpty} onClick={onUnlabel}>
            No label
          </Button>
          <Button size="xs" variant="default" disabled={isEmpty} onClick={onReviewedEmpty}>
            None of them
          </Button>
        </>
      )}
      {dataset.can_edit && (
        <>
          <Menu position="top-end">
            <Menu.Target>
              <Button size="xs" variant="default" disabled={isEmpty} rightSection={<IconChevronUp size={14} />}>
                Split
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {(['train', 'validation', 'test'] as const).map((split) => (
                <Menu.Item key={split} onClick={() => setSplit.mutate(split)} tt="capitalize">
                  {split}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          <Button
            size="xs"
            variant="default"
            color="red"
            disabled={isEmpty}
            leftSection={<IconTrash size={14} />}
            onClick={() => remove.mutate()}
          >
            Remove
          </Button>
        </>
      )}
      {dataset.can_label && (
        <Button
          size="xs"
          variant="default"
          disabled={onUndo === null}
          leftSection={<IconArrowBackUp size={15} />}
          onClick={() => onUndo?.()}
          data-testid={TESTIDS.data.undo}
        >
          Undo
        </Button>
      )}
    </div>
  );
}

function useItemChanges(datasetId: string, selected: readonly Item[], onDone: () => void) {
  const client = useQueryClient();
  const item_ids = selected.map(({ id }) => id);
  const inBatches = async (send: (ids: string[]) => Promise<unknown>) => {
    for (const ids of batches(item_ids)) await send(ids);
  };
  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: itemsKey(datasetId) }),
      client.invalidateQueries({ queryKey: datasetQuery(datasetId).queryKey }),
    ]);
  const setSplit = useMutation({
    mutationFn: (split: string) => inBatches((ids) => http.patch(`/api/datasets/${datasetId}/items`, { item_ids: ids, split })),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: () => inBatches((ids) => http.delete(`/api/datasets/${datasetId}/items`, { item_ids: ids })),
    onSuccess: async () => {
      onDone();
      await refresh();
      const restore = async () => {
        await inBatches((ids) => http.post(`/api/datasets/${datasetId}/items/restore`, { item_ids: ids }));
        await refresh();
        notifications.hide('items-removed');
      };
      notifications.show({
        id: 'items-removed',
        autoClose: 12_000,
        title: `${plural(item_ids.length, 'image')} in the bin`,
        message: (
          <Button size="xs" variant="default" mt={8} onClick={() => void restore()}>
            Put back
          </Button>
        ),
      });
    },
  });
  return { setSplit, remove };
}
