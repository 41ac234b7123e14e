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

/** Items of the bound data to choose from; undefined until they are there, or without data. */
function usePreviewItems(datasetId: string | null): readonly Item[] | undefined {
  const { data: page } = useQuery({
    queryKey: ['preview-items', datasetId],
    queryFn: ({ signal }) => fetchItems(datasetId ?? '', {}, null, signal),
    enabled: datasetId !== null,
    staleTime: 60_000,
  });
  return datasetId === null ? undefined : page?.items;
}

/** How an item is shown, with the name of its class. */
function useShown(datasetId: string | null): (item: Item | undefined) => ShownSample | null {
  const { data: dataset } = useQuery({
    ...datasetQuery(datasetId ?? ''),
    enabled: datasetId !== null,
  });
  return (item) => {
    if (item === undefined) return null;
    const label = dataset?.classes.find(({ id }) => id === item.label?.class_id);
    const { thumbnail_url, file_name } = item;
    return { thumbnail_url, file_name, label_name: label?.name ?? null };
  };
}

/** The sample that the preview shows; null while it is off or shows made-up numbers. */
export function usePreviewedSample(): ShownSample | null {
  const { dataset_id: bound } = useNetworkMeta();
  const itemId = usePreview(({ isOn, sample }) =>
    isOn && sample.kind === 'item' ? sample.item_id : null,
  );
  const datasetId = itemId === null ? null : bound;
  const items = usePreviewItems(datasetId);
  const shownAs = useShown(datasetId);
  return shownAs(items?.find(({ id }) => id === itemId));
}

/** The samples of the bound data, one after the other; without data they are made up. */
export function usePreviewSamples() {
  const { preview } = useDesigner();
  const { dataset_id: datasetId } = useNetworkMeta();
  const sample = usePreview((state) => state.sample);
  const items = usePreviewItems(datasetId) ?? NOTHING;
  const shownAs = useShown(datasetId);
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
  return {
    shown: shownAs(item),
    isMadeUp: sample.kind === 'random',
    step: (by: number) => (items.length > 0 ? goTo(index + by) : makeUp(seed + by)),
    shuffle: () =>
      items.length > 0
        ? goTo(Math.floor(Math.random() * items.length))
        : makeUp(Math.floor(Math.random() * 100_000)),
  };
}
