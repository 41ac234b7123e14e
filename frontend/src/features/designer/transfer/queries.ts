import { queryOptions } from '@tanstack/react-query';
import { http, type TransferSource } from '@/api';

export const transferSourcesKey = (projectId: string) =>
  ['networks', 'transfer-sources', projectId] as const;

/** Networks of a project that have learned something. */
export const transferSourcesQuery = (projectId: string) =>
  queryOptions({
    queryKey: transferSourcesKey(projectId),
    queryFn: ({ signal }) =>
      http.get<TransferSource[]>(`/api/projects/${projectId}/transfer-sources`, {}, signal),
  });
