import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { WeightFileFits } from '@/api';
import { networksQuery } from '../networks/queries';
import { DESIGNER_IDS } from '../testids';
import type { Target } from './weightFiles';

const TEMPLATE = 'template ';

interface TargetSelectProps {
  projectId: string;
  file: WeightFileFits;
  value: Target | null;
  isDisabled: boolean;
  onChange: (target: Target) => void;
}

/** What the weights fit first, with how much: networks, then templates; then the other networks. */
export function TargetSelect({ projectId, file, value, isDisabled, onChange }: TargetSelectProps) {
  const { data: networks = [] } = useQuery(networksQuery(projectId));
  const fitting = new Set(file.fits.map(({ network_id }) => network_id));
  const others = networks.filter(({ id }) => !fitting.has(id));
  const share = (part: number): string => `${String(Math.round(part * 1000) / 10)} %`;
  return (
    <Select
      label="Network"
      placeholder="Choose a network"
      description="How much of its learned numbers the file holds"
      searchable
      allowDeselect={false}
      disabled={isDisabled}
      data={[
        {
          group: 'Fits',
          items: file.fits.map((each) => ({
            value: each.network_id,
            label: `${each.name} · ${share(each.share)}`,
          })),
        },
        {
          group: 'Templates, drawn for the file',
          items: file.templates.map((each) => ({
            value: TEMPLATE + each.template,
            label: `Template ${each.name} · ${share(each.share)}`,
          })),
        },
        { group: 'Others', items: others.map(({ id, name }) => ({ value: id, label: name })) },
      ]}
      value={value === null ? null : value.kind === 'template' ? TEMPLATE + value.id : value.id}
      onChange={(option) => option !== null && onChange(targetOf(option))}
      data-testid={DESIGNER_IDS.weightNetwork}
    />
  );
}

function targetOf(option: string): Target {
  return option.startsWith(TEMPLATE)
    ? { kind: 'template', id: option.slice(TEMPLATE.length) }
    : { kind: 'network', id: option };
}
