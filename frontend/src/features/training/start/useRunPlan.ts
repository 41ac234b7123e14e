import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { http, type Job, type Run, type RunCheck, type RunConfig, type RunStart } from '@/api';
import { isOver, useJob } from '@/lib';
import { isUsed } from './presentation';
import { fieldsOf, numberProblem, withValue } from './schemaFields';

export type StartFrom = NonNullable<RunStart['start_from']> | null;

/** What a run learns, as the API takes it. */
export interface RunData {
  readonly dataset_id: string | null;
  readonly dataset_version_id: string | null;
}

/** Below `datasets`, so that it is asked again when images come in. */
export const runCheckKey = (networkId: string) => ['datasets', 'run-check', networkId] as const;

/** The plan of a run while it is being made: its settings, what stands in its way, what it costs. */
export function useRunPlan(
  networkId: string,
  data: RunData,
  starts: Pick<RunStart, 'start_from' | 'merge_from'>,
  initial?: RunConfig,
) {
  const [changes, setChanges] = useState<RunConfig | null>(initial ?? null);
  /** Numbers as they were typed, by path; those that mean nothing stand in the way. */
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [checked] = useDebouncedValue(changes, 250);
  const schema = useQuery({
    queryKey: ['run-config-schema'],
    queryFn: () => http.get<unknown>('/api/run-config-schema'),
    staleTime: Infinity,
  });
  const check = useQuery({
    queryKey: [...runCheckKey(networkId), data, starts, checked],
    queryFn: ({ signal }) =>
      http.post<RunCheck>(
        `/api/networks/${networkId}/run-check`,
        { ...(checked === null ? {} : { config: checked }), ...data, ...starts },
        signal,
      ),
    placeholderData: (previous) => previous,
    staleTime: 0,
  });
  const defaults = check.data?.defaults ?? null;
  const config = changes ?? defaults;
  const fields = fieldsOf(schema.data);
  const isTypedWell = fields.every((field) => {
    const text = typed[field.path];
    if (field.kind !== 'number' || text === undefined || config === null) return true;
    return !isUsed(field.path, config) || numberProblem(field, text) === null;
  });
  return {
    fields,
    typed,
    defaults,
    config,
    check: check.data,
    error: schema.error ?? check.error,
    canStart: config !== null && isTypedWell && check.data?.problems.every(({ severity }) => severity !== 'error') === true,
    set: (path: string, value: unknown) => {
      if (config) setChanges(withValue(config, path, value));
    },
    /** Take a number as it is typed; it counts as soon as it can be used. */
    type: (path: string, text: string) => {
      setTyped({ ...typed, [path]: text });
      const field = fields.find((each) => each.path === path);
      const isUsable = field?.kind === 'number' && numberProblem(field, text) === null;
      if (config && isUsable) setChanges(withValue(config, path, Number(text)));
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
export function useEstimate(networkId: string, data: RunData) {
  const [measured, setMeasured] = useState<RunConfig | null>(null);
  const request = useMutation({
    mutationFn: (config: RunConfig) =>
      http.post<Job>(`/api/networks/${networkId}/estimates`, { config, ...data }),
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
