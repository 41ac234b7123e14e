import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Problem, http, type Job } from '@/api';
import { isOver } from '@/lib';
import { choiceBody, choiceKey, predictionQuery, type Asked, type ImageChoice } from '../api';
import { LOWEST_SCORE } from '../boxes/boxes';
import { askedKey, useAskedJob } from './useAskedJob';

const TOP_K = 10;
const MOST_TRIES = 40;

/**
 * What a network says of the image; asked once for each of them.
 *
 * A detector is asked for weak boxes too: which of them are shown is chosen in the page. How much
 * boxes may overlap is asked of the network; `null` leaves it as it is.
 */
export function usePrediction(asked: Asked, image: ImageChoice, overlap: number | null) {
  const question = overlap === null ? 'predict' : `predict ${String(overlap)}`;
  const { jobId, job, remember } = useAskedJob(askedKey(question, asked, image));
  const request = useMutation({
    mutationFn: (choice: ImageChoice) =>
      http.post<Job>('/api/predictions', {
        ...choiceBody(asked, choice),
        top_k: TOP_K,
        boxes: { score_threshold: LOWEST_SCORE, iou_threshold: overlap },
      }),
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
  }, [asked.key, key, question, mutate]);
  const hasAnswer = job?.state === 'succeeded';
  const answer = useQuery({
    ...predictionQuery(jobId ?? ''),
    enabled: hasAnswer,
    placeholderData: keepPreviousData,
  });
  return {
    prediction: answer.data ?? null,
    error: request.error ?? answer.error ?? (job?.problem ? new Problem(422, job.problem) : null),
    isWorking: request.isPending || (jobId !== null && (job === undefined || !isOver(job))) || (hasAnswer && answer.isFetching),
  };
}
