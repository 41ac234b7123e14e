import { queryOptions } from '@tanstack/react-query';
import {
  http, type Dataset, type DatasetSummary, type DatasetVersion, type ImportReport, type Item,
  type ItemDetail, type Page, type Statistics,
} from '@/api';

/** What the gallery shows: absent means everything. */
export interface ItemFilter {
  label?: string | undefined;
  split?: string | undefined;
  state?: string | undefined;
  search?: string | undefined;
}

export const PAGE_SIZE = 200;

export const datasetsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['datasets', 'list', projectId],
    queryFn: ({ signal }) => http.get<DatasetSummary[]>(`/api/projects/${projectId}/datasets`, {}, signal),
  });

export const datasetQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['datasets', 'one', datasetId],
    queryFn: ({ signal }) => http.get<Dataset>(`/api/datasets/${datasetId}`, {}, signal),
  });

export const statisticsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['datasets', 'statistics', datasetId],
    queryFn: ({ signal }) => http.get<Statistics>(`/api/datasets/${datasetId}/statistics`, {}, signal),
  });

export const versionsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['datasets', 'versions', datasetId],
    queryFn: ({ signal }) => http.get<DatasetVersion[]>(`/api/datasets/${datasetId}/versions`, {}, signal),
  });

export const importsQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['datasets', 'imports', datasetId],
    queryFn: ({ signal }) => http.get<ImportReport[]>(`/api/datasets/${datasetId}/imports`, {}, signal),
  });

export const itemQuery = (itemId: string) =>
  queryOptions({
    queryKey: ['item', itemId],
    queryFn: ({ signal }) => http.get<ItemDetail>(`/api/items/${itemId}`, {}, signal),
  });

export const itemsKey = (datasetId: string) => ['items', datasetId] as const;

export function fetchItems(
  datasetId: string,
  filter: ItemFilter,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<Item>> {
  return http.get<Page<Item>>(
    `/api/datasets/${datasetId}/items`,
    { ...filter, cursor, limit: PAGE_SIZE },
    signal,
  );
}
