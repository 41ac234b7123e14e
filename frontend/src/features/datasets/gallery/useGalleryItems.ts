import { useInfiniteQuery, type InfiniteData, type QueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Item, Page } from '@/api';
import { PAGE_SIZE, fetchItems, itemQuery, itemsKey, type ItemFilter } from '../api';

type Pages = InfiniteData<Page<Item>, string | null>;

/** The items of a gallery, page after page; tiles beyond what is loaded are placeholders. */
export function useGalleryItems(datasetId: string, filter: ItemFilter) {
  const query = useInfiniteQuery({
    queryKey: [...itemsKey(datasetId), filter],
    queryFn: ({ pageParam, signal }) => fetchItems(datasetId, filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (previous) => previous,
  });
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  return {
    items,
    total: query.data?.pages[0]?.total ?? 0,
    isLoading: query.isPending,
    error: query.error,
    retry: () => void query.refetch(),
    /** Loads on until the tile at `index` is there, and a page ahead so that scrolling meets no gap. */
    ensure: (index: number) => {
      if (index + PAGE_SIZE >= items.length && query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
    },
  };
}

export type ItemPatch = Pick<Item, 'label' | 'state'>;

/** Changes items in every loaded gallery and viewer of the dataset, without asking the server. */
export function patchItems(
  client: QueryClient,
  datasetId: string,
  patches: ReadonlyMap<string, ItemPatch>,
): void {
  client.setQueriesData<Pages>({ queryKey: itemsKey(datasetId) }, (pages) =>
    pages === undefined
      ? pages
      : {
          ...pages,
          pages: pages.pages.map((page) => ({
            ...page,
            items: page.items.map((item) => {
              const patch = patches.get(item.id);
              return patch ? { ...item, ...patch } : item;
            }),
          })),
        },
  );
  for (const [itemId, patch] of patches) {
    client.setQueryData(itemQuery(itemId).queryKey, (item) => item && { ...item, ...patch });
  }
}
