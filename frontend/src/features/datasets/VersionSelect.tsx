import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetVersion } from '@/api';
import { formatCount } from '@/lib';
import { versionsQuery } from './api';

const NOW = 'now';

interface VersionSelectProps {
  datasetId: string | null;
  /** A pinned version; null is the data as it is now. */
  value: string | null;
  onChange: (versionId: string | null) => void;
  testId: string;
}

/** Which state of a dataset is learned: the latest, or one that was pinned. */
export function VersionSelect({ datasetId, value, onChange, testId }: VersionSelectProps) {
  const { data: versions = [] } = useQuery({ ...versionsQuery(datasetId ?? ''), enabled: datasetId !== null });
  return (
    <Select
      label="Version"
      allowDeselect={false}
      disabled={datasetId === null}
      data={[
        { value: NOW, label: 'Latest, as the data is now' },
        ...versions.map((version) => ({ value: version.id, label: versionTitle(version) })),
      ]}
      value={value ?? NOW}
      onChange={(next) => onChange(next === NOW ? null : next)}
      data-testid={testId}
    />
  );
}

/** `v3 · Before the clean-up · 1,200 images`. */
function versionTitle({ number, name, num_items: count }: DatasetVersion): string {
  return [`v${String(number)}`, name, `${formatCount(count)} images`].filter((part) => part !== '').join(' · ');
}
