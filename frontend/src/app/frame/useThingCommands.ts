import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { http, type NetworkSummary } from '@/api';
import { datasetsQuery } from '@/features/datasets';
import { runTitle, runsQuery } from '@/features/training';
import { useProject, type Command } from '@/lib';

const MOST_RUNS = 30;

/** The networks, datasets and latest runs of the open project, to be found by name. */
export function useThingCommands(isOpen: boolean): readonly Command[] {
  const project = useProject();
  const projectId = project?.id ?? '';
  const enabled = isOpen && project !== null;
  const { data: networks } = useQuery({
    queryKey: ['networks', 'names', projectId],
    queryFn: ({ signal }) => http.get<NetworkSummary[]>(`/api/projects/${projectId}/networks`, {}, signal),
    enabled,
  });
  const { data: datasets } = useQuery({ ...datasetsQuery(projectId), enabled });
  const { data: runs } = useQuery({ ...runsQuery(projectId), enabled });
  const navigate = useNavigate();
  return useMemo(
    () => [
      ...(networks ?? []).map(({ id, name }): Command => ({
        id: `network-${id}`,
        label: name,
        group: 'Networks',
        perform: () => void navigate({ to: '/networks/$networkId', params: { networkId: id } }),
      })),
      ...(datasets ?? []).map(({ id, name }): Command => ({
        id: `dataset-${id}`,
        label: name,
        group: 'Data',
        perform: () => void navigate({ to: '/data/$datasetId', params: { datasetId: id } }),
      })),
      ...(runs ?? []).slice(0, MOST_RUNS).map((run): Command => ({
        id: `run-${run.id}`,
        label: `#${String(run.number)} ${runTitle(run)}`,
        description: `${run.network_name} on ${run.dataset_name}`,
        group: 'Runs',
        perform: () => void navigate({ to: '/runs/$runId', params: { runId: run.id } }),
      })),
    ],
    [networks, datasets, runs, navigate],
  );
}
