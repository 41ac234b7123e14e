import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { OFFLINE, asProblem, http } from '@/api';
import { useConnection } from './socket/useTopic';

/** A restart of the connection is mostly over sooner. */
const PATIENCE_MS = 800;
const ASK_EVERY_MS = 2_000;

/** True while the studio itself gives no answer: what the page shows then is what it last heard. */
export function useStudioAway(): boolean {
  const connection = useConnection();
  const isCut = connection === 'connecting' || connection === 'polling';
  const [isCutForLong] = useDebouncedValue(isCut, PATIENCE_MS);
  const isAsking = isCut && isCutForLong;
  const { error } = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => http.get<{ status: string }>('/api/health', {}, signal),
    enabled: isAsking,
    retry: false,
    // Also while the browser believes to have no network: the studio may be on this computer.
    networkMode: 'always',
    refetchInterval: ASK_EVERY_MS,
    staleTime: 0,
  });
  return isAsking && error !== null && asProblem(error).code === OFFLINE;
}
