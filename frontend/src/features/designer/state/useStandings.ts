import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { http, type TrainedWeights } from '@/api';
import { useDesigner, useDocument } from './DesignerContext';

export const trainedWeightsKey = (networkId: string) => ['runs', 'trained-weights', networkId] as const;

/** Keeps the marks on the cards as the network is drawn now, and asks anew for new weights. */
export function useStandings(): void {
  const { networkId, standings } = useDesigner();
  const document = useDocument();
  const { data: weights } = useQuery({
    // Below `runs`, so that it is asked again when a run of the project ends.
    queryKey: trainedWeightsKey(networkId),
    queryFn: ({ signal }) =>
      http.get<TrainedWeights | null>(`/api/networks/${networkId}/trained-weights`, {}, signal),
  });
  const newest = weights?.id;
  const known = useRef(newest);
  useEffect(() => {
    if (newest === undefined) return;
    if (known.current !== newest) standings.refresh(document);
    else standings.request(document);
    known.current = newest;
  }, [document, newest, standings]);
}
