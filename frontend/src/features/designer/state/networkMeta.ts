/** Name and bound dataset of the open network: beside the document, kept by the query cache. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getNetwork } from './api';
import type { Network } from './contract';
import { useDesigner } from './DesignerContext';

export const networkKey = (networkId: string) => ['network', networkId] as const;

export const networkQuery = (networkId: string) => ({
  queryKey: networkKey(networkId),
  queryFn: () => getNetwork(networkId),
  // What changes while the network is open arrives by its topic.
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
});

export type NetworkMeta = Pick<
  Network,
  'name' | 'dataset_id' | 'project_id' | 'can_edit' | 'origin'
>;

export function useNetworkMeta(): NetworkMeta {
  const { networkId, projectId } = useDesigner();
  const { data } = useQuery({ ...networkQuery(networkId), staleTime: Infinity });
  return data ?? { name: '', dataset_id: null, project_id: projectId, can_edit: false, origin: null };
}

/** Put what the server answered to a change of name or data in place. */
export function useAdoptNetwork(): (network: Network) => void {
  const client = useQueryClient();
  return (network) => {
    client.setQueryData(networkKey(network.id), network);
    void client.invalidateQueries({ queryKey: ['networks', network.project_id] });
    void client.invalidateQueries({ queryKey: ['networks', 'for-run', network.id] });
  };
}
