import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { TransferSource } from '@/api';
import { formatAgo } from '@/lib';
import { DESIGNER_IDS } from '../testids';
import { readyZooQuery, zooKey } from '../zoo/queries';
import { accuracyText } from '../zoo/words';
import { sourceOf, valueOf, zooName, type Source } from './source';
import classes from './Transfer.module.css';

interface SourceSelectProps {
  networks: readonly TransferSource[] | undefined;
  value: Source | null;
  isDisabled: boolean;
  onChange: (source: Source) => void;
}

/** Networks of the project that have learned something, and those of the zoo with weights here. */
export function SourceSelect({ networks = [], value, isDisabled, onChange }: SourceSelectProps) {
  const { data: zoo } = useQuery(readyZooQuery);
  const ready = (zoo?.items ?? []).map((row) => ({
    value: valueOf({ kind: 'zoo', key: zooKey(row) }),
    label: row.accuracy == null ? row.name : `${row.name} · ${accuracyText(row.accuracy)}`,
  }));
  const chosen = value === null ? null : valueOf(value);
  if (value?.kind === 'zoo' && !ready.some((each) => each.value === chosen)) {
    // The page of the zoo names it before the list is here.
    ready.unshift({ value: valueOf(value), label: zooName(value.key) });
  }
  const refusals = new Map(networks.map((each) => [each.network_id, each.refusal]));
  /** Of several, which: the newest comes first. */
  const whichOf = (source: TransferSource): string[] => {
    const alike = networks.filter(({ name }) => name === source.name);
    if (alike.length < 2) return [];
    const number = `${String(alike.indexOf(source) + 1)} of ${String(alike.length)}`;
    return [`${number}, changed ${formatAgo(source.updated_at)}`];
  };
  const ofProject = networks.map((source) => ({
    value: source.network_id,
    label: [
      source.name,
      ...whichOf(source),
      source.has_file ? 'weights of a file' : 'trained here',
    ].join(' · '),
    disabled: source.refusal !== '' && source.network_id !== chosen,
  }));
  const isNothing = networks.length + ready.length === 0;
  return (
    <Select
      label="Trained network"
      placeholder={isNothing ? 'Nothing here has weights' : 'Choose a network'}
      searchable
      allowDeselect={false}
      disabled={isDisabled}
      classNames={{ option: classes.option ?? '' }}
      data={[
        { group: 'Of the project', items: ofProject.filter((each) => !each.disabled) },
        { group: 'Of the zoo', items: ready },
        { group: 'Of the project, but cannot learn images', items: ofProject.filter((each) => each.disabled) },
      ]}
      renderOption={({ option }) => (
        <span>
          {option.label}
          {option.disabled === true && (
            <small className={classes.reason}>{refusals.get(option.value)}</small>
          )}
        </span>
      )}
      value={chosen}
      onChange={(option) => option !== null && onChange(sourceOf(option))}
      data-testid={DESIGNER_IDS.transferNetwork}
    />
  );
}
