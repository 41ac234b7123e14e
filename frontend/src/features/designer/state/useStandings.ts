import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { weightSetsQuery } from '@/features/training';
import { useDesigner, useDocument } from './DesignerContext';

/** Keeps the marks on the cards as the network is drawn now, and asks anew for new weights. */
export function useStandings(): void {
  const { networkId, standings } = useDesigner();
  const document = useDocument();
  const { data: weightSets } = useQuery(weightSetsQuery(networkId));
  const newest = weightSets?.find(({ num_tensors }) => num_tensors > 0)?.id;
  const known = useRef(newest);
  useEffect(() => {
    if (newest === undefined) return;
    if (known.current !== newest) standings.refresh(document);
    else standings.request(document);
    known.current = newest;
  }, [document, newest, standings]);
}
