/** A real sample of the data the open network is bound to. */

import { useQuery } from '@tanstack/react-query';
import { datasetsQuery } from '@/features/datasets';
import { getSample } from './api';
import type { NetworkSample } from './contract';
import { useDesigner } from './DesignerContext';
import { useNetworkMeta } from './networkMeta';

const RETRY_MS = 10_000;

export function useSample(): NetworkSample | undefined {
  const { networkId, projectId } = useDesigner();
  const { dataset_id: datasetId } = useNetworkMeta();
  const { data: datasets } = useQuery(datasetsQuery(projectId));
  const dataset = datasets?.find(({ id }) => id === datasetId);
  const { data } = useQuery({
    queryKey: ['network-sample', networkId, datasetId],
    queryFn: () => getSample(networkId),
    enabled: dataset !== undefined && dataset.num_items > 0,
    retry: false,
    // Images may still be on their way in.
    refetchInterval: (query) => (query.state.status === 'error' ? RETRY_MS : false),
    staleTime: 60_000,
  });
  return datasetId === null ? undefined : data;
}
