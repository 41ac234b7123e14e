import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Item } from '@/api';
import { datasetQuery, fetchItems } from '@/features/datasets';
import { useDesigner, usePreview } from '../state/DesignerContext';
import { useNetworkMeta } from '../state/networkMeta';

export interface ShownSample {
  readonly thumbnail_url: string;
  readonly file_name: string;
  readonly label_name: string | null;
}

const NOTHING: readonly Item[] = [];

/** The samples of the bound data, one after the other; without data they are made up. */
export function usePreviewSamples() {
  const { preview } = useDesigner();
  const { dataset_id: datasetId } = useNetworkMeta();
  const sample = usePreview((state) => state.sample);
  const { data: dataset } = useQuery({
    ...datasetQuery(datasetId ?? ''),
    enabled: datasetId !== null,
  });
  const { data: page } = useQuery({
    queryKey: ['preview-items', datasetId],
    queryFn: ({ signal }) => fetchItems(datasetId ?? '', {}, null, signal),
    enabled: datasetId !== null,
    staleTime: 60_000,
  });
  const items = datasetId === null ? NOTHING : (page?.items ?? NOTHING);
  const index = items.findIndex(({ id }) => sample.kind === 'item' && sample.item_id === id);
  const item = items[index];

  const goTo = (place: number): void => {
    const next = items[((place % items.length) + items.length) % items.length];
    if (next !== undefined) preview.choose({ sample: { kind: 'item', item_id: next.id } });
  };
  const makeUp = (seed: number): void =>
    preview.choose({ sample: { kind: 'random', seed: Math.max(0, seed) } });
  const seed = sample.kind === 'random' ? sample.seed : 0;

  // Real data wins as soon as there is some; data that is gone gives way to what is made up.
  useEffect(() => {
    const [first] = items;
    if (first === undefined) {
      if (datasetId === null && sample.kind === 'item') {
        preview.choose({ sample: { kind: 'random', seed: 0 } });
      }
    } else if (index === -1) {
      preview.choose({ sample: { kind: 'item', item_id: first.id } });
    }
  }, [preview, items, index, datasetId, sample.kind]);

  const label = dataset?.classes.find(({ id }) => id === item?.label?.class_id);
  const shown: ShownSample | null =
    item === undefined
      ? null
      : {
          thumbnail_url: item.thumbnail_url,
          file_name: item.file_name,
          label_name: label?.name ?? null,
        };
  return {
    shown,
    isMadeUp: sample.kind === 'random',
    step: (by: number) => (items.length > 0 ? goTo(index + by) : makeUp(seed + by)),
    shuffle: () =>
      items.length > 0
        ? goTo(Math.floor(Math.random() * items.length))
        : makeUp(Math.floor(Math.random() * 100_000)),
  };
}
