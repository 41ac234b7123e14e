import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { http, type Job } from '@/api';
import { isOver, useJob } from '@/lib';

const CHANGED = ['bin', 'storage', 'networks', 'datasets', 'runs'] as const;

/** Asks again for everything that putting back or deleting for good changes. */
export function useRefreshAfterBin() {
  const client = useQueryClient();
  return useCallback(
    () => Promise.all(CHANGED.map((key) => client.invalidateQueries({ queryKey: [key] }))),
    [client],
  );
}

/** Deletes for good in the background and follows it to its end. */
export function usePurge() {
  const refresh = useRefreshAfterBin();
  const [jobId, setJobId] = useState<string | null>(null);
  const { data: job } = useJob(jobId);
  const hasEnded = job !== undefined && isOver(job);
  useEffect(() => {
    if (hasEnded) void refresh();
  }, [hasEnded, refresh]);
  const start = useMutation({
    mutationFn: (path: string) => http.delete<Job>(path),
    onSuccess: async (started) => {
      setJobId(started.id);
      await refresh();
    },
  });
  return { purge: start.mutate, isPurging: start.isPending || (jobId !== null && !hasEnded) };
}
