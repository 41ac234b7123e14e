import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { http, type Job, type ZooEntry, type ZooPage, type ZooRow } from '@/api';

export type ZooColumn = 'name' | 'task' | 'parameters' | 'flops' | 'size' | 'accuracy' | 'licence';

export interface ZooQuestion {
  task: string;
  search: string;
  sort: ZooColumn;
  isDescending: boolean;
}

/** As many as one request gives: a task of the installed packages has fewer. */
const MOST_ROWS = 200;
const UNTIL_LISTED_MS = 1500;
/** What the studio trains: a head for other classes. */
const TRANSFER_TASK = 'classification';

export const zooQuery = ({ task, search, sort, isDescending }: ZooQuestion) =>
  queryOptions({
    queryKey: ['zoo', 'list', task, search, sort, isDescending] as const,
    queryFn: ({ signal }) =>
      http.get<ZooPage>(
        '/api/zoo',
        { task, search, sort, is_descending: isDescending, limit: MOST_ROWS },
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    refetchInterval: ({ state }) => (state.data?.is_complete === false ? UNTIL_LISTED_MS : false),
  });

/** `torchvision/resnet50`, as it stands in addresses. */
export const zooKey = ({ provider, name }: Pick<ZooRow, 'provider' | 'name'>): string =>
  `${provider}/${name}`;

const pathOf = (key: string): string => {
  const [provider = '', ...name] = key.split('/');
  return `/api/zoo/${encodeURIComponent(provider)}/${encodeURIComponent(name.join('/'))}`;
};

export const zooEntryQuery = (key: string) =>
  queryOptions({
    queryKey: ['zoo', 'entry', key] as const,
    queryFn: ({ signal }) => http.get<ZooEntry>(pathOf(key), {}, signal),
    staleTime: 30_000,
  });

/** Networks that can learn other classes: their weights are on the studio's machine. */
export const readyZooQuery = queryOptions({
  queryKey: ['zoo', 'ready'] as const,
  queryFn: ({ signal }) =>
    http.get<ZooPage>(
      '/api/zoo',
      { task: TRANSFER_TASK, is_here: true, sort: 'accuracy', is_descending: true, limit: MOST_ROWS },
      signal,
    ),
  staleTime: 30_000,
});

export const isForData = ({ task, can_open: canOpen }: Pick<ZooRow, 'task' | 'can_open'>): boolean =>
  canOpen && task === TRANSFER_TASK;

export function openZooEntry(
  key: string,
  request: { project_id: string; weights?: string; upload_id?: string },
): Promise<Job> {
  return http.post<Job>(`${pathOf(key)}/open`, request);
}
