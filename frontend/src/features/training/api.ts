import { queryOptions } from '@tanstack/react-query';
import {
  http, type CheckpointInfo, type Network, type Page, type Run, type RunComparison, type RunMetrics, type RunProposal, type RunSummary, type WeightSetSummary,
} from '@/api';

export const runsKey = (projectId: string) => ['runs', 'list', projectId] as const;

/** Every run of a project. `search` looks at names, notes and tags. */
export const runsQuery = (projectId: string, search = '') =>
  queryOptions({
    queryKey: [...runsKey(projectId), search],
    queryFn: async ({ signal }) => {
      const items: RunSummary[] = [];
      let cursor: string | null = null;
      do {
        const page: Page<RunSummary> = await http.get(
          `/api/projects/${projectId}/runs`,
          { search, cursor, limit: 200 },
          signal,
        );
        items.push(...page.items);
        cursor = page.next ?? null;
      } while (cursor !== null);
      return items;
    },
  });

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ['runs', 'one', runId],
    queryFn: ({ signal }) => http.get<Run>(`/api/runs/${runId}`, {}, signal),
  });

export const metricsQuery = (runId: string) =>
  queryOptions({
    queryKey: ['runs', 'metrics', runId],
    queryFn: ({ signal }) => http.get<RunMetrics>(`/api/runs/${runId}/metrics`, { max_points: 2000 }, signal),
  });

export const networkQuery = (networkId: string) =>
  queryOptions({
    queryKey: ['networks', 'for-run', networkId],
    queryFn: ({ signal }) => http.get<Network>(`/api/networks/${networkId}`, {}, signal),
  });

/** What files brought weights to a network, newest first. */
export const weightSetsQuery = (networkId: string) =>
  queryOptions({
    queryKey: ['networks', 'weights', networkId],
    queryFn: ({ signal }) => http.get<WeightSetSummary[]>(`/api/networks/${networkId}/weights`, {}, signal),
  });

/** How transfer learning proposed to train a network; null where nothing was. */
export const runProposalQuery = (networkId: string) =>
  queryOptions({
    queryKey: ['networks', 'run-proposal', networkId],
    queryFn: ({ signal }) => http.get<RunProposal | null>(`/api/networks/${networkId}/run-proposal`, {}, signal),
  });

export const checkpointsQuery = (runId: string) =>
  queryOptions({
    queryKey: ['runs', 'checkpoints', runId],
    queryFn: ({ signal }) => http.get<CheckpointInfo[]>(`/api/runs/${runId}/checkpoints`, {}, signal),
  });

export const comparisonQuery = (a: string, b: string) =>
  queryOptions({
    queryKey: ['runs', 'comparison', a, b],
    queryFn: ({ signal }) => http.get<RunComparison>('/api/run-comparison', { a, b }, signal),
  });
