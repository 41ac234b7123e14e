import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { http, Problem, type ExportedNetwork, type ExportGap, type ExportQuestion, type Job } from '@/api';
import { cancelJob, isOver, useJob } from '@/lib';
import { gapsOf } from './gaps';

export interface Export {
  /** From the question to the file that is ready. */
  readonly isWorking: boolean;
  readonly text: string;
  /** 0 to 1; null while nobody can tell. */
  readonly progress: number | null;
  readonly error: unknown;
  /** What the chosen options leave unsaid, where that was only found now. */
  readonly gaps: readonly ExportGap[] | null;
  readonly file: ExportedNetwork | null;
  readonly start: (asked: ExportQuestion) => Promise<void>;
  readonly cancel: () => void;
  readonly reset: () => void;
}

/** One network on its way to a file. */
export function useExport(networkId: string): Export {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<unknown>(null);
  const [jobId, setJobId] = useState<string | null>(null);
  const { data: job } = useJob(jobId);
  const exportId = job?.state === 'succeeded' ? job.result?.['export_id'] : undefined;
  const written = useQuery({
    queryKey: ['export', exportId],
    queryFn: ({ signal }) => http.get<ExportedNetwork>(`/api/exports/${String(exportId)}`, {}, signal),
    enabled: typeof exportId === 'string',
    staleTime: Infinity,
  });

  const start = useCallback(
    async (asked: ExportQuestion) => {
      setAsking(true);
      setRefusal(null);
      try {
        const started = await http.post<Job>(`/api/networks/${networkId}/exports`, asked);
        client.setQueryData(['job', started.id], started);
        setJobId(started.id);
      } catch (failure) {
        setRefusal(failure);
      } finally {
        setAsking(false);
      }
    },
    [client, networkId],
  );

  const cancel = useCallback(() => {
    if (jobId !== null) void cancelJob(jobId);
  }, [jobId]);

  const reset = useCallback(() => {
    setJobId(null);
    setRefusal(null);
  }, []);

  const isWriting = jobId !== null && (job === undefined || !isOver(job));
  const isFetching = exportId !== undefined && written.isPending;
  const failed = job?.state === 'failed' && job.problem ? new Problem(422, job.problem) : null;
  return {
    isWorking: isAsking || isWriting || isFetching,
    text: job?.message ?? 'Waiting for a worker',
    progress: job?.progress ?? null,
    error: refusal ?? written.error ?? failed,
    gaps: refusal === null ? null : gapsOf(refusal),
    file: written.data ?? null,
    start,
    cancel,
    reset,
  };
}
