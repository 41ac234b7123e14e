import { useMutation } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { Problem, http, type Job } from '@/api';
import { cancelJob, isOver, useJob } from '@/lib';

/** Work of minutes that a page asks for: started, followed, cancelled; `onDone` gets its result once. */
export function useLongJob<Body extends object>(path: string, onDone: (result: Record<string, unknown>) => void) {
  const start = useMutation({
    mutationFn: (body: Body) => http.post<Job>(path, body),
    meta: { showsOwnError: true },
  });
  const jobId = start.data?.id ?? null;
  const { data: job } = useJob(jobId);
  const isDone = job?.state === 'succeeded';
  const tell = useEffectEvent(() => {
    if (isDone && job.result) onDone(job.result);
  });
  useEffect(() => tell(), [isDone, jobId]);
  return {
    start: start.mutate,
    cancel: () => jobId !== null && void cancelJob(jobId),
    job,
    isWorking: start.isPending || (jobId !== null && (job === undefined || !isOver(job))),
    error: start.error ?? (job?.problem && job.state === 'failed' ? new Problem(422, job.problem) : null),
  };
}
