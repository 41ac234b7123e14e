import { queryOptions } from '@tanstack/react-query';
import { http, type PersonStorage, type ProjectStorage } from '@/api';

/** What every number of the page hangs on: freeing something asks for all of them again. */
export const STORAGE_KEY = ['storage'] as const;

export const projectStorageQuery = (projectId: string) =>
  queryOptions({
    queryKey: [...STORAGE_KEY, 'project', projectId],
    queryFn: ({ signal }) => http.get<ProjectStorage>(`/api/projects/${projectId}/storage`, {}, signal),
  });

export const personStorageQuery = queryOptions({
  queryKey: [...STORAGE_KEY, 'person'],
  queryFn: ({ signal }) => http.get<PersonStorage>('/api/storage', {}, signal),
});
