import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Job } from '@/api';
import { useJob } from '@/lib';
import { choiceKey, type Asked, type ImageChoice } from '../api';

/** What was asked: of which network, about which image. */
export const askedKey = (what: string, { key }: Asked, image: ImageChoice) =>
  ['asked', what, key, choiceKey(image)] as const;

/**
 * The job that answers a question. It is remembered while the page lives, so that another tab or
 * another image and back shows the answer again instead of asking anew.
 */
export function useAskedJob(key: readonly string[], onData?: (data: Record<string, unknown>) => void) {
  const client = useQueryClient();
  const { data: jobId = null } = useQuery<string | null>({ queryKey: key, queryFn: skipToken, gcTime: Infinity });
  const { data: job } = useJob(jobId, onData);
  const remember = (asked: Job | null) => client.setQueryData(key, asked?.id ?? null);
  return { jobId, job: jobId === null ? undefined : job, remember };
}
