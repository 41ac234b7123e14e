import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { datasetsQuery } from '@/features/datasets';

interface DatasetSelectProps {
  projectId: string;
  value: string | null;
  onChange: (datasetId: string) => void;
}

/** One of the project's datasets. */
export function DatasetSelect({ projectId, value, onChange }: DatasetSelectProps) {
  const { data: datasets = [] } = useQuery(datasetsQuery(projectId));
  return (
    <Select
      w={220}
      aria-label="Data"
      placeholder="Choose data"
      searchable
      data={datasets.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={(id) => id !== null && onChange(id)}
    />
  );
}
