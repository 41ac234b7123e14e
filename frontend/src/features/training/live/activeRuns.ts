import { useQuery, useQueryClient } from '@tanstack/react-query';
import { http, type Page, type RunSummary } from '@/api';
import { useProject, useTopic } from '@/lib';
import { runsKey } from '../api';

const UNFINISHED: readonly RunSummary['state'][] = ['queued', 'claimed', 'running', 'paused', 'interrupted'];
const activeKey = (projectId: string) => ['runs', 'active', projectId] as const;

export const isUnfinished = ({ state }: Pick<RunSummary, 'state'>): boolean => UNFINISHED.includes(state);

/** Runs of the open project that are waiting, training or paused, newest first. */
export function useActiveRuns() {
  const project = useProject();
  const states = UNFINISHED.map((state) => `state=${state}`).join('&');
  return useQuery({
    queryKey: activeKey(project?.id ?? ''),
    queryFn: async ({ signal }) => {
      const page = await http.get<Page<RunSummary>>(`/api/projects/${project?.id ?? ''}/runs?${states}&limit=50`, {}, signal);
      return page.items;
    },
    enabled: project !== null,
  });
}

/** The list with a row as the socket told it; `null` when only the server can tell the new list. */
export function withToldRow(rows: readonly RunSummary[], told: RunSummary): RunSummary[] | null {
  const known = rows.find(({ id }) => id === told.id);
  if (known?.state !== told.state) return null;
  return rows.map((row) => (row.id === told.id ? told : row));
}

/** Moves the rows of every list of runs while they train. Mounted once, by the frame. */
export function useFollowedRuns(): void {
  const project = useProject();
  const client = useQueryClient();
  useTopic(project ? `project:${project.id}` : null, {
    onMessage: (message) => {
      if (message.type !== 'run' || !project) return;
      const told = message['run'] as RunSummary;
      const lists = client.getQueriesData<RunSummary[]>({
        predicate: ({ queryKey }) => startsWith(queryKey, runsKey(project.id)) || startsWith(queryKey, activeKey(project.id)),
      });
      let isStale = false;
      for (const [key, rows] of lists) {
        if (!rows) continue;
        const isElsewhere = key[1] === 'active' && !isUnfinished(told) && !rows.some(({ id }) => id === told.id);
        const moved = withToldRow(rows, told);
        if (moved) client.setQueryData(key, moved);
        else if (!isElsewhere) isStale = true;
      }
      // A run that is new or changed its state: what else is known of it is old as well.
      if (isStale) void client.invalidateQueries({ queryKey: ['runs'] });
    },
    // What was missed the frame reads again for every list.
    onGap: () => undefined,
  });
}

function startsWith(key: readonly unknown[], start: readonly unknown[]): boolean {
  return start.every((part, place) => key[place] === part);
}
