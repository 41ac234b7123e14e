import { queryOptions } from '@tanstack/react-query';
import { http, type BaselineComparison, type FeatureLayer } from '@/api';
import type { Asked } from '../api';

export type JudgedSplit = 'validation' | 'test';

export const comparedQuery = (versionId: string, split: JudgedSplit) =>
  queryOptions({
    queryKey: ['baselines', versionId, split],
    queryFn: ({ signal }) =>
      http.get<BaselineComparison>(`/api/dataset-versions/${versionId}/comparison`, { split }, signal),
  });

export const featureLayersQuery = ({ key, address }: Asked) =>
  queryOptions({
    queryKey: ['feature layers', key],
    queryFn: ({ signal }) => http.get<FeatureLayer[]>(`${address}/feature-layers`, {}, signal),
    staleTime: Infinity,
  });
