import { ActionIcon, Select, Slider, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconPhoto, IconSearch, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Dataset } from '@/api';
import { TESTIDS, formatCount, plural } from '@/lib';
import type { ItemFilter } from '../api';
import classes from './GalleryTab.module.css';

const ANY = '';
const SPLITS = [
  { value: ANY, label: 'Every split' },
  { value: 'train', label: 'Train' },
  { value: 'validation', label: 'Validation' },
  { value: 'test', label: 'Test' },
  { value: 'unassigned', label: 'No split' },
];
const STATES = [
  { value: ANY, label: 'Every state' },
  { value: 'labeled', label: 'Labeled' },
  { value: 'unlabeled', label: 'Not labeled' },
  { value: 'reviewed_empty', label: 'None of them' },
];

interface FilterBarProps {
  dataset: Dataset;
  filter: ItemFilter;
  total: number;
  tileSize: number;
  onFilter: (filter: ItemFilter) => void;
  onTileSize: (size: number) => void;
}

export function FilterBar({ dataset, filter, total, tileSize, onFilter, onTileSize }: FilterBarProps) {
  const [search, setSearch] = useState(filter.search ?? '');
  const apply = useDebouncedCallback((text: string) => onFilter({ ...filter, search: text || undefined }), 250);
  const type = (text: string) => {
    setSearch(text);
    apply(text);
  };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const classChoices = [
    { value: ANY, label: 'Every class' },
    ...dataset.classes.map(({ id, name }) => ({ value: id, label: name })),
  ];
  return (
    <div className={classes.filters}>
      <TextInput
        className={classes.search}
        placeholder="File name"
        aria-label="Search by file name"
        leftSection={<IconSearch size={15} />}
        value={search}
        onChange={(event) => type(event.currentTarget.value)}
        data-testid={TESTIDS.data.search}
      />
      <Select
        className={classes.classSelect}
        aria-label="Class"
        data={classChoices}
        value={filter.label ?? ANY}
        onChange={(label) => onFilter({ ...filter, label: label || undefined })}
        searchable={classChoices.length > 12}
        data-testid={TESTIDS.data.filterClass}
      />
      <Select
        className={classes.select}
        aria-label="Split"
        data={SPLITS}
        value={filter.split ?? ANY}
        onChange={(split) => onFilter({ ...filter, split: split || undefined })}
        data-testid={TESTIDS.data.filterSplit}
      />
      <Select
        className={classes.select}
        aria-label="State"
        data={STATES}
        value={filter.state ?? ANY}
        onChange={(state) => onFilter({ ...filter, state: state || undefined })}
        data-testid={TESTIDS.data.filterState}
      />
      {isFiltered && (
        <Tooltip label="Show everything">
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            aria-label="Show everything"
            onClick={() => {
              setSearch('');
              onFilter({});
            }}
          >
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <span className={classes.count} data-testid={TESTIDS.data.count} aria-live="polite">
        {isFiltered ? `${formatCount(total)} of ${formatCount(dataset.num_items)}` : plural(total, 'image')}
      </span>
      <IconPhoto className={classes.small} size={13} aria-hidden />
      <Slider
        className={classes.zoom}
        min={72}
        max={240}
        step={8}
        value={tileSize}
        onChange={onTileSize}
        label={null}
        thumbLabel="Size of the tiles"
        thumbSize={14}
      />
      <IconPhoto className={classes.large} size={19} aria-hidden />
    </div>
  );
}
