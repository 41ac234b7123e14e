import { ActionIcon, ColorSwatch, Menu, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { http, type Dataset, type LabelClass } from '@/api';
import { TESTIDS, formatCount } from '@/lib';
import { datasetQuery } from '../api';
import { keyOfClass } from './classKeys';
import classes from './ClassPanel.module.css';

const COLORS = {
  blue: '#4e79a7', orange: '#f28e2b', green: '#59a14f', red: '#e15759', purple: '#b07aa1', teal: '#76b7b2',
  yellow: '#edc948', pink: '#ff9da7', brown: '#9c755f', indigo: '#6b6ecf', olive: '#8c6d31', grey: '#bab0ac',
};

interface ClassPanelProps {
  dataset: Dataset;
  chosen: string | undefined;
  numSelected: number;
  onFilter: (classId: string | undefined) => void;
  onAssign: (classId: string) => void;
}

/** The classes with their keys, colours and counts. A click filters; the key labels. */
export function ClassPanel({ dataset, chosen, numSelected, onFilter, onAssign }: ClassPanelProps) {
  const most = Math.max(1, ...dataset.classes.map(({ count }) => count));
  return (
    <aside className={classes.panel} aria-label="Classes">
      <div className={classes.head}>
        <h2>Classes</h2>
        <span>{formatCount(dataset.classes.length)}</span>
      </div>
      <p className={classes.hint}>
        {hintOf(dataset, numSelected)}
      </p>
      <ul className={classes.list}>
        {dataset.classes.map((each, order) => (
          <ClassRow
            key={each.id}
            datasetId={dataset.id}
            labelClass={each}
            hotkey={keyOfClass(order)}
            share={each.count / most}
            isChosen={chosen === each.id}
            canEdit={dataset.can_edit}
            onFilter={() => onFilter(chosen === each.id ? undefined : each.id)}
            onAssign={numSelected > 0 && dataset.can_label ? () => onAssign(each.id) : undefined}
          />
        ))}
      </ul>
      {dataset.can_edit && <AddClass datasetId={dataset.id} />}
    </aside>
  );
}

function hintOf({ can_label, classes: known }: Dataset, numSelected: number): string {
  if (!can_label) return 'Click a class to see only its images. Your role does not label.';
  if (known.length === 0) return 'Add a class, then label images with its key.';
  return numSelected > 0 ? 'Press a key to set the class of the selection.' : 'Select images, then press a key to label them.';
}

interface ClassRowProps {
  datasetId: string;
  labelClass: LabelClass;
  hotkey: string | null;
  share: number;
  isChosen: boolean;
  canEdit: boolean;
  onFilter: () => void;
  onAssign: (() => void) | undefined;
}

function ClassRow(props: ClassRowProps) {
  const { datasetId, labelClass, hotkey, share, isChosen, canEdit, onFilter, onAssign } = props;
  const [isRenaming, setRenaming] = useState(false);
  const { change, remove } = useClassChange(datasetId, labelClass.id);
  if (isRenaming) {
    const rename = (name: string) => {
      setRenaming(false);
      if (name.trim() !== '' && name !== labelClass.name) change.mutate({ name });
    };
    return (
      <li>
        <TextInput
          size="xs"
          autoFocus
          aria-label={`New name of ${labelClass.name}`}
          defaultValue={labelClass.name}
          onBlur={(event) => rename(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') rename(event.currentTarget.value);
            if (event.key === 'Escape') setRenaming(false);
          }}
        />
      </li>
    );
  }
  return (
    <li className={classes.row} data-chosen={isChosen || undefined} data-testid={TESTIDS.data.classRow}>
      <Tooltip label="Set the class of the selection" disabled={!onAssign}>
        <UnstyledButton
          className={classes.key}
          style={{ '--class-color': labelClass.color }}
          onClick={onAssign}
          disabled={!onAssign}
          aria-label={`Set the class of the selection to ${labelClass.name}`}
        >
          {hotkey ?? '·'}
        </UnstyledButton>
      </Tooltip>
      <UnstyledButton className={classes.name} onClick={onFilter} aria-pressed={isChosen}>
        <span className={classes.text}>{labelClass.name}</span>
        <span className={classes.count}>{formatCount(labelClass.count)}</span>
        <span className={classes.bar} style={{ '--share': share, '--class-color': labelClass.color }} aria-hidden />
      </UnstyledButton>
      {canEdit && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Change ${labelClass.name}`}>
              <IconDots size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <div className={classes.colors}>
              {Object.entries(COLORS).map(([name, color]) => (
                <Menu.Item key={color} className={classes.color} aria-label={`Colour: ${name}`} onClick={() => change.mutate({ color })}>
                  <ColorSwatch component="span" size={20} color={color} />
                </Menu.Item>
              ))}
            </div>
            <Menu.Item onClick={() => setRenaming(true)}>Rename</Menu.Item>
            <Menu.Item onClick={() => change.mutate({ order: Math.max(0, labelClass.order - 1) })}>Move up</Menu.Item>
            <Menu.Item onClick={() => change.mutate({ order: labelClass.order + 1 })}>Move down</Menu.Item>
            <Menu.Divider />
            <Menu.Item color="red" disabled={labelClass.count > 0} onClick={() => remove.mutate()}>
              {labelClass.count > 0 ? 'Delete (only when empty)' : 'Delete'}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

function useClassChange(datasetId: string, classId: string) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: datasetQuery(datasetId).queryKey });
  const url = `/api/datasets/${datasetId}/classes/${classId}`;
  const change = useMutation({
    mutationFn: (fields: Partial<Pick<LabelClass, 'name' | 'color' | 'order'>>) => http.patch(url, fields),
    onSuccess: refresh,
  });
  const remove = useMutation({ mutationFn: () => http.delete(url), onSuccess: refresh });
  return { change, remove };
}

function AddClass({ datasetId }: { datasetId: string }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const add = useMutation({
    mutationFn: () => http.post(`/api/datasets/${datasetId}/classes`, { name }),
    onSuccess: async () => {
      setName('');
      await client.invalidateQueries({ queryKey: datasetQuery(datasetId).queryKey });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (name.trim() !== '') add.mutate();
  };
  return (
    <form className={classes.add} onSubmit={submit}>
      <TextInput
        size="xs"
        placeholder="New class"
        aria-label="Name of a new class"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid={TESTIDS.data.addClass}
        rightSection={
          <ActionIcon type="submit" variant="subtle" size="sm" aria-label="Add the class" disabled={name.trim() === ''}>
            <IconPlus size={15} />
          </ActionIcon>
        }
      />
    </form>
  );
}
