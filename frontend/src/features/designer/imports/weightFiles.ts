import { queryOptions } from '@tanstack/react-query';
import { http, type WeightFileFits, type WeightFileSummary } from '@/api';

const FRESH_MS = 10_000;

export const weightFilesKey = (projectId: string) => ['weight-files', projectId] as const;

/** Weights of a project that wait for their network, newest first. */
export const weightFilesQuery = (projectId: string) =>
  queryOptions({
    queryKey: weightFilesKey(projectId),
    queryFn: ({ signal }) =>
      http.get<WeightFileSummary[]>(`/api/projects/${projectId}/weight-files`, {}, signal),
  });

export const weightFileKey = (weightFileId: string) => ['weight-file', weightFileId] as const;

/** One of them with what it fits: that changes as networks are drawn. */
export const weightFileQuery = (weightFileId: string) =>
  queryOptions({
    queryKey: weightFileKey(weightFileId),
    queryFn: ({ signal }) =>
      http.get<WeightFileFits>(`/api/weight-files/${weightFileId}`, {}, signal),
    staleTime: FRESH_MS,
  });

/** Where weights are to go. */
export type Target =
  | { readonly kind: 'network'; readonly id: string }
  | { readonly kind: 'template'; readonly id: string };

/** As the API takes it. */
export const targetBody = ({ kind, id }: Target) =>
  kind === 'network' ? { network_id: id } : { template: id };

/** What takes most of a file: a network that is drawn already rather than a template. */
export function bestTarget({ fits, templates }: Pick<WeightFileFits, 'fits' | 'templates'>): Target | null {
  const [network] = fits;
  const [template] = templates;
  if (network !== undefined && (template === undefined || network.share >= template.share)) {
    return { kind: 'network', id: network.network_id };
  }
  return template === undefined ? null : { kind: 'template', id: template.template };
}
