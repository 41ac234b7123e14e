import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { http, type Job } from '@/api';
import { isOver, useJob } from '@/lib';
import { networkKey } from '../state/networkMeta';
import { showImportNext } from '../state/panels';
import { trainedWeightsKey } from '../state/useStandings';
import { targetBody, type Target } from './weightFiles';
import type { Images } from './weightWords';

interface Wanted {
  readonly target: Target;
  readonly images: Images | null;
}

/** Puts the weights of a waiting file into a network, and opens that. */
export function useLoadWeights(weightFileId: string, onLoaded: () => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const request = useMutation({
    mutationFn: ({ target, images }: Wanted) =>
      http.post<Job>(`/api/weight-files/${weightFileId}/load`, { ...targetBody(target), images }),
    meta: { showsOwnError: true },
  });
  const remove = useMutation({
    mutationFn: () => http.delete(`/api/weight-files/${weightFileId}`),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['weight-files'] });
      onLoaded();
    },
  });
  const { data: job } = useJob(request.data?.id ?? null);
  const networkId = job?.state === 'succeeded' ? job.result?.['network_id'] : undefined;
  const done = useRef(false);
  useEffect(() => {
    if (typeof networkId !== 'string' || done.current) return;
    done.current = true;
    void client.invalidateQueries({ queryKey: ['weight-files'] });
    void client.invalidateQueries({ queryKey: ['networks'] });
    void client.invalidateQueries({ queryKey: trainedWeightsKey(networkId) });
    void client.invalidateQueries({ queryKey: networkKey(networkId) });
    showImportNext();
    void navigate({ to: '/networks/$networkId', params: { networkId } }).then(onLoaded);
  }, [client, navigate, networkId, onLoaded]);
  const detail = job?.state === 'failed' ? job.problem?.['detail'] : undefined;
  return {
    load: (target: Target, images: Images | null) => request.mutate({ target, images }),
    discard: () => remove.mutate(),
    isLoading: request.isPending || (request.data !== undefined && (job === undefined || !isOver(job))),
    error: request.error,
    problem: typeof detail === 'string' ? detail : null,
  };
}
