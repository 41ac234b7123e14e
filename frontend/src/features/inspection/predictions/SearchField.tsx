import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { TESTIDS } from '@/lib';

const PAUSE_MS = 250;

/** Finds images by a part of their folder and name, once typing pauses. */
export function SearchField({ onSearch }: { onSearch: (name: string) => void }) {
  const [text, setText] = useState('');
  const apply = useDebouncedCallback((name: string) => onSearch(name.trim()), PAUSE_MS);
  return (
    <TextInput
      w={200}
      type="search"
      aria-label="Name of the image"
      placeholder="Name of the image"
      maxLength={255}
      leftSection={<IconSearch size={14} />}
      value={text}
      data-testid={TESTIDS.inspect.predictionsSearch}
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value);
      }}
    />
  );
}
