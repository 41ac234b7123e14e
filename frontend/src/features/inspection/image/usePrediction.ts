import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Problem, http, type Job } from '@/api';
import { isOver } from '@/lib';
import { choiceBody, choiceKey, type Asked, type ClassProbability, type ImageChoice, type Prediction } from '../api';
import { askedKey, useAskedJob } from './useAskedJob';

const TOP_K = 10;
const MOST_TRIES = 40;

/** What a network says of the image; asked once for each of them. */
export function usePrediction(asked: Asked, image: ImageChoice) {
  const { jobId, job, remember } = useAskedJob(askedKey('predict', asked, image));
  const request = useMutation({
    mutationFn: (choice: ImageChoice) =>
      http.post<Job>('/api/predictions', { ...choiceBody(asked, choice), top_k: TOP_K }),
    onSuccess: remember,
    // Leafing fast through images fills one's share of the queue; it empties within seconds.
    retry: (tries, error) => error instanceof Problem && error.code === 'queue_full' && tries < MOST_TRIES,
    retryDelay: 500,
    meta: { showsOwnError: true },
  });
  const { mutate } = request;
  const key = choiceKey(image);
  const isKnown = jobId !== null;
  useEffect(() => {
    if (!isKnown) mutate(image);
    // The same image may be described by a new object; its key tells whether it is another one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked.key, key, mutate]);
  return {
    prediction: job?.state === 'succeeded' ? parsePrediction(job.result) : null,
    error: request.error ?? (job?.problem ? new Problem(422, job.problem) : null),
    isWorking: request.isPending || (jobId !== null && (job === undefined || !isOver(job))),
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
