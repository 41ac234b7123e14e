import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Problem, http, type Job } from '@/api';
import { isOver, useJob } from '@/lib';
import { choiceBody, choiceKey, type ClassProbability, type ImageChoice, type Prediction } from '../api';

const TOP_K = 10;

/** What the checkpoint says of the image; asked anew whenever one of them changes. */
export function usePrediction(checkpointId: string | null, image: ImageChoice | null) {
  const request = useMutation({
    mutationFn: ({ checkpoint, choice }: { checkpoint: string; choice: ImageChoice }) =>
      http.post<Job>('/api/predictions', { ...choiceBody(checkpoint, choice), top_k: TOP_K }),
    meta: { showsOwnError: true },
  });
  const { mutate } = request;
  const key = image === null ? null : choiceKey(image);
  useEffect(() => {
    if (checkpointId !== null && image !== null) mutate({ checkpoint: checkpointId, choice: image });
    // The same image may be described by a new object; its key tells whether it is another one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [checkpointId, key, mutate]);
  const jobId = request.data?.id ?? null;
  const { data: job } = useJob(jobId);
  const isAsked = checkpointId !== null && image !== null;
  return {
    prediction: job?.state === 'succeeded' ? parsePrediction(job.result) : null,
    error: request.error ?? (job?.problem ? new Problem(422, job.problem) : null),
    isWorking: isAsked && (request.isPending || (jobId !== null && (job === undefined || !isOver(job)))),
  };
}

/** Reads the job's result; a result of another shape is no prediction. */
export function parsePrediction(result: Job['result']): Prediction | null {
  const { probabilities, image_url: imageUrl, seconds } = result ?? {};
  if (!Array.isArray(probabilities) || typeof imageUrl !== 'string') return null;
  return {
    probabilities: probabilities.filter(isProbability),
    imageUrl,
    seconds: typeof seconds === 'number' ? seconds : 0,
  };
}

function isProbability(entry: unknown): entry is ClassProbability {
  if (typeof entry !== 'object' || entry === null) return false;
  const { index, name, value } = entry as Record<string, unknown>;
  return typeof index === 'number' && typeof name === 'string' && typeof value === 'number';
}
