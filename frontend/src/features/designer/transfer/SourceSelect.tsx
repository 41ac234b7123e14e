import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { TransferSource } from '@/api';
import { DESIGNER_IDS } from '../testids';
import { readyZooQuery, zooKey } from '../zoo/queries';
import { accuracyText } from '../zoo/words';

export type Source =
  | { readonly kind: 'network'; readonly id: string }
  | { readonly kind: 'zoo'; readonly key: string };

interface SourceSelectProps {
  networks: readonly TransferSource[] | undefined;
  value: Source | null;
  isDisabled: boolean;
  onChange: (source: Source) => void;
}

const ZOO = 'zoo ';

/** Networks of the project that have learned something, and those of the zoo with weights here. */
export function SourceSelect({ networks, value, isDisabled, onChange }: SourceSelectProps) {
  const { data: zoo } = useQuery(readyZooQuery);
  const isNothing = networks?.length === 0 && zoo?.items.length === 0;
  const choose = (option: string | null): void => {
    if (option === null) return;
    onChange(
      option.startsWith(ZOO)
        ? { kind: 'zoo', key: option.slice(ZOO.length) }
        : { kind: 'network', id: option },
    );
  };
  return (
    <Select
      label="Trained network"
      placeholder={isNothing ? 'Nothing here has weights' : 'Choose a network'}
      searchable
      allowDeselect={false}
      disabled={isDisabled}
      data={[
        {
          group: 'Of the project',
          items: (networks ?? []).map((each) => ({
            value: each.network_id,
            label: `${each.name} · ${each.has_file ? 'weights of a file' : 'trained here'}`,
          })),
        },
        {
          group: 'Of the zoo, opened in the project first',
          items: (zoo?.items ?? []).map((row) => ({
            value: ZOO + zooKey(row),
            label: row.accuracy == null ? row.name : `${row.name} · ${accuracyText(row.accuracy)}`,
          })),
        },
      ]}
      value={value === null ? null : value.kind === 'zoo' ? ZOO + value.key : value.id}
      onChange={choose}
      data-testid={DESIGNER_IDS.transferNetwork}
    />
  );
}
