import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { http, type Page, type PredictedRow, type PredictionTable, type PredictionTableSummary } from '@/api';
import type { Asked } from '../api';

export const PAGE_SIZE = 50;

export type Order = 'position' | 'score' | '-score' | 'label' | 'predicted' | '-boxes';

/** Which rows are shown; what is absent is not asked for. */
export interface RowFilter {
  /** Part of the file's name. */
  name: string;
  predicted: string | null;
  label: string | null;
  right: string | null;
  order: Order;
  page: number;
}

export const EVERYTHING: RowFilter = { name: '', predicted: null, label: null, right: null, order: 'position', page: 1 };

export const tablesQuery = ({ networkId, runId }: Asked) =>
  queryOptions({
    queryKey: ['prediction tables', networkId, runId],
    queryFn: ({ signal }) =>
      http.get<Page<PredictionTableSummary>>(
        '/api/prediction-tables',
        runId === null ? { network: networkId } : { run: runId },
        signal,
      ),
  });

export const tableQuery = (tableId: string) =>
  queryOptions({
    queryKey: ['prediction table', tableId],
    queryFn: ({ signal }) => http.get<PredictionTable>(`/api/prediction-tables/${tableId}`, {}, signal),
    staleTime: Infinity,
  });

export const rowsQuery = (tableId: string, { page, ...filter }: RowFilter) =>
  queryOptions({
    queryKey: ['prediction table', tableId, 'rows', filter, page],
    queryFn: ({ signal }) =>
      http.get<Page<PredictedRow>>(
        `/api/prediction-tables/${tableId}/rows`,
        { ...filter, limit: PAGE_SIZE, cursor: page === 1 ? undefined : String((page - 1) * PAGE_SIZE) },
        signal,
      ),
    placeholderData: keepPreviousData,
  });
