import { useMutation, useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { Problem, http, type ExplanationMethod, type Job } from '@/api';
import { cancelJob, isOver } from '@/lib';
import { choiceBody, explanationQuery, type Asked, type ImageChoice } from '../api';
import { askedKey, useAskedJob } from './useAskedJob';

export interface ExplainAsk {
  asked: Asked;
  image: ImageChoice;
  targetClass: number | null;
  layer: string | null;
}

/** One method's explanation: asked for, followed with its coarse map, cancelled, shown. */
export function useExplanation(method: ExplanationMethod, asked: Asked, image: ImageChoice) {
  const [coarseUrl, setCoarseUrl] = useState<string | null>(null);
  const showCoarse = useCallback((data: Record<string, unknown>) => {
    if (typeof data['coarse_url'] === 'string') setCoarseUrl(data['coarse_url']);
  }, []);
  const { jobId, job, remember } = useAskedJob(askedKey(method, asked, image), showCoarse);
  const request = useMutation({
    mutationFn: ({ asked, image, targetClass, layer }: ExplainAsk) =>
      http.post<Job>('/api/explanations', {
        ...choiceBody(asked, image),
        method,
        target_class: targetClass,
        layer: method === 'gradcam' ? layer : null,
      }),
    onMutate: () => {
      setCoarseUrl(null);
      remember(null);
    },
    onSuccess: remember,
    meta: { showsOwnError: true },
  });
  const explanationId = typeof job?.result?.['explanation_id'] === 'string' ? job.result['explanation_id'] : null;
  const { data: explanation } = useQuery({
    ...explanationQuery(explanationId ?? ''),
    enabled: explanationId !== null,
  });
  return {
    ask: request.mutate,
    cancel: () => jobId !== null && void cancelJob(jobId),
    isWorking: request.isPending || (jobId !== null && (job === undefined || !isOver(job))),
    job,
    explanation: jobId === null ? undefined : explanation,
    coarseUrl,
    error: request.error ?? (job?.problem && job.state === 'failed' ? new Problem(422, job.problem) : null),
  };
}
