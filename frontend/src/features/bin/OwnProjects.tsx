import { queryOptions, useQuery } from '@tanstack/react-query';
import { http, type BinnedProjectList } from '@/api';
import { SESSION_KEY, TESTIDS } from '@/lib';
import { BinTable, type BinnedRow } from './BinTable';
import { whileSomethingGoes } from './emptying';

export const binnedProjectsQuery = queryOptions({
  queryKey: ['bin', 'projects'],
  queryFn: ({ signal }) => http.get<BinnedProjectList>('/api/bin/projects', {}, signal),
  refetchInterval: ({ state }) => whileSomethingGoes(state.data?.items),
});

/** Projects of one's own that are in the bin, each with its way back; nothing when there are none. */
export function OwnProjects() {
  const { data } = useQuery(binnedProjectsQuery);
  if (!data) return null;
  return (
    <BinTable
      title="Your projects"
      rowTestId={TESTIDS.bin.projectRow}
      changes={SESSION_KEY}
      rows={data.items.map((each): BinnedRow => ({
        ...each,
        kind: 'project',
        kept_because: '',
        restorePath: `/api/bin/projects/${each.id}/restore`,
        purgePath: `/api/bin/projects/${each.id}`,
      }))}
    />
  );
}
