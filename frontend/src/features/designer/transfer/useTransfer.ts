import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { http, type TransferMade, type TransferOptions, type TransferPlan } from '@/api';
import { trainNext } from '../state/nextRun';
import { useZooEntry } from '../zoo/useZooOpening';
import type { Source } from './source';

/** What is learned, and how. */
export interface Wanted {
  readonly dataset_id: string;
  readonly dataset_version_id: string | null;
  readonly options: TransferOptions;
}

/** What becomes of a network of the project; one of the zoo is not asked about before it is there. */
export function usePlan(source: Source | null, wanted: Wanted | null) {
  const isAsked = source?.kind === 'network' && wanted !== null;
  const asked = isAsked ? { network_id: source.id, ...wanted } : null;
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['networks', 'transfer-plan', asked],
    queryFn: ({ signal }) => http.post<TransferPlan>('/api/transfers/plan', asked, signal),
    enabled: isAsked,
    placeholderData: (previous) => previous,
    gcTime: 0,
    retry: false,
  });
  return { plan: isAsked ? data : undefined, error, isOld: isPlaceholderData };
}

type Named = Wanted & { readonly name: string };

/**
 * Makes the branch and opens it with the training dialog as the plan has it. What is of the zoo
 * comes into the project first; `onOpened` is told as what.
 */
export function useMake(
  projectId: string,
  onClose: () => void,
  onOpened: (source: Source) => void,
) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const waiting = useRef<Named | null>(null);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (request: Named & { network_id: string }) =>
      http.post<TransferMade>('/api/transfers', request),
    meta: { showsOwnError: true },
    onSuccess: ({ network_id: networkId }) => {
      trainNext(networkId);
      void client.invalidateQueries({ queryKey: ['networks', projectId] });
      onClose();
      void navigate({ to: '/networks/$networkId', params: { networkId } });
    },
  });
  const opening = useZooEntry(projectId, (networkId) => {
    const named = waiting.current;
    waiting.current = null;
    onOpened({ kind: 'network', id: networkId });
    if (named !== null) mutate({ network_id: networkId, ...named });
  });
  const make = (source: Source, named: Named): void => {
    if (source.kind === 'network') {
      mutate({ network_id: source.id, ...named });
      return;
    }
    waiting.current = named;
    opening.open(source);
  };
  return { make, isPending, error, opening };
}
