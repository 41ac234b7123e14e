import { getNetwork, listLayers, listNetworks, listTemplates } from '../state/api';

export const networksQuery = (projectId: string) => ({
  queryKey: ['networks', projectId] as const,
  queryFn: () => listNetworks(projectId),
});

export const templatesQuery = {
  queryKey: ['templates'] as const,
  queryFn: listTemplates,
  staleTime: Infinity,
};

export const layersQuery = {
  queryKey: ['layers'] as const,
  queryFn: listLayers,
  staleTime: Infinity,
};

/** The drawing of one revision never changes. */
export const miniatureQuery = (networkId: string, revision: number) => ({
  queryKey: ['network-miniature', networkId, revision] as const,
  queryFn: () => getNetwork(networkId),
  staleTime: Infinity,
});
