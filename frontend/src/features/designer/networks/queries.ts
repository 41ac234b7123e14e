import { getNetwork, listLayers, listNetworks, listTemplates, previewTemplate } from '../state/api';

export const networksQuery = (projectId: string) => ({
  queryKey: ['networks', projectId] as const,
  queryFn: () => listNetworks(projectId),
});

export const templatesQuery = {
  queryKey: ['templates'] as const,
  queryFn: listTemplates,
  staleTime: Infinity,
};

/** A template as it would be made for some data. */
export const previewQuery = (template: string, datasetId: string | null) => ({
  queryKey: ['template-preview', template, datasetId] as const,
  queryFn: () => previewTemplate(template, datasetId),
  staleTime: Infinity,
});

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
