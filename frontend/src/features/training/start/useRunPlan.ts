import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { http, type Job, type Run, type RunCheck, type RunConfig, type RunStart } from '@/api';
import { isOver, useJob } from '@/lib';
import { fieldsOf, withValue } from './schemaFields';

export type StartFrom = NonNullable<RunStart['start_from']> | null;

/** The plan of a run while it is being made: its settings, what stands in its way, what it costs. */
export function useRunPlan(networkId: string, datasetId: string | null) {
  const [changes, setChanges] = useState<RunConfig | null>(null);
  const [checked] = useDebouncedValue(changes, 250);
  const schema = useQuery({
    queryKey: ['run-config-schema'],
    queryFn: () => http.get<unknown>('/api/run-config-schema'),
    staleTime: Infinity,
  });
  const check = useQuery({
    // Below `datasets`, so that it is asked again when images come in.
    queryKey: ['datasets', 'run-check', networkId, datasetId, checked],
    queryFn: ({ signal }) =>
      http.post<RunCheck>(
        `/api/networks/${networkId}/run-check`,
        { ...(checked === null ? {} : { config: checked }), dataset_id: datasetId },
        signal,
      ),
    placeholderData: (previous) => previous,
    staleTime: 0,
  });
  const defaults = check.data?.defaults ?? null;
  const config = changes ?? defaults;
  return {
    fields: fieldsOf(schema.data),
    defaults,
    config,
    check: check.data,
    error: schema.error ?? check.error,
    canStart: config !== null && check.data?.problems.every(({ severity }) => severity !== 'error') === true,
    set: (path: string, value: unknown) => {
      if (config) setChanges(withValue(config, path, value));
    },
  };
}

export interface EstimateResult {
  seconds: number;
  memory_bytes: number;
  device_memory_bytes?: number | null;
  step_seconds?: number;
  steps_per_epoch?: number;
  device?: string;
}

/** Measures a few real steps of the plan in the background. */
export function useEstimate(networkId: string, datasetId: string | null) {
  const [measured, setMeasured] = useState<RunConfig | null>(null);
  const request = useMutation({
    mutationFn: (config: RunConfig) =>
      http.post<Job>(`/api/networks/${networkId}/estimates`, { config, dataset_id: datasetId }),
    onMutate: setMeasured,
    meta: { showsOwnError: true },
  });
  const { data: job } = useJob(request.data?.id ?? null);
  return {
    measure: request.mutate,
    /** The settings that were measured; others need a new measurement. */
    measured,
    isMeasuring: request.isPending || (request.data !== undefined && (job === undefined || !isOver(job))),
    result: job?.state === 'succeeded' ? parseEstimate(job.result) : null,
    problem: job?.problem ?? null,
    error: request.error,
  };
}

function parseEstimate(result: Job['result']): EstimateResult | null {
  if (typeof result?.['seconds'] !== 'number' || typeof result['memory_bytes'] !== 'number') return null;
  return { ...result, seconds: result['seconds'], memory_bytes: result['memory_bytes'] };
}

export function useStartRun(networkId: string) {
  return useMutation({
    mutationFn: (start: RunStart) => http.post<Run>(`/api/networks/${networkId}/runs`, start),
    meta: { showsOwnError: true },
  });
}
