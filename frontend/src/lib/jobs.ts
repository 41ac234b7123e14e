import { useQuery, useQueryClient } from '@tanstack/react-query';
import { http, type Job, type Page } from '@/api';
import { SESSION_KEY, useProject } from './session';
import { useTopic } from './socket/useTopic';

export function isOver(job: Job): boolean {
  return job.state === 'succeeded' || job.state === 'failed' || job.state === 'cancelled';
}

/** Where something stands that waits, e.g. “Next in the queue”. */
export function queueText(place: number | null): string {
  if (place === null) return 'Waiting for a worker';
  return place === 1 ? 'Next in the queue' : `Number ${String(place)} in the queue`;
}

const jobKey = (jobId: string) => ['job', jobId] as const;
const jobsKey = (projectId: string | undefined) => ['jobs', projectId] as const;

export function cancelJob(jobId: string): Promise<Job> {
  return http.post<Job>(`/api/jobs/${jobId}/cancel`);
}

/**
 * Follows one job to its end. The socket moves it; a slow poll covers what the socket missed.
 * `onData` gets what a job shows while it works, for example a coarse map.
 */
export function useJob(jobId: string | null, onData?: (data: Record<string, unknown>) => void) {
  const client = useQueryClient();
  useTopic(jobId === null ? null : `job:${jobId}`, {
    onMessage: (message) => {
      const told = message.type === 'subscribed' ? message['snapshot'] : message['job'];
      if (typeof told === 'object' && told !== null) {
        client.setQueryData<Job>(jobKey(jobId ?? ''), (known) => newerJob(known, told as Job));
      }
      const data = message['data'];
      if (typeof data === 'object' && data !== null) onData?.(data as Record<string, unknown>);
    },
    onGap: () => void client.invalidateQueries({ queryKey: jobKey(jobId ?? '') }),
  });
  return useQuery({
    queryKey: jobKey(jobId ?? ''),
    queryFn: ({ signal }) => http.get<Job>(`/api/jobs/${jobId ?? ''}`, {}, signal),
    enabled: jobId !== null,
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : 1_000),
  });
}

/** Jobs of the open project that are queued or running, newest first. */
export function useActiveJobs() {
  const project = useProject();
  return useQuery({
    queryKey: jobsKey(project?.id),
    queryFn: async ({ signal }) => {
      const page = await http.get<Page<Job>>('/api/jobs', { project: project?.id }, signal);
      return page.items.filter((job) => !isOver(job));
    },
    enabled: project !== null,
    // Nobody tells a waiting job that another one has ended.
    refetchInterval: ({ state }) => (state.data?.some((job) => job.state === 'queued') ? 3_000 : false),
  });
}

/** Keeps every job and every list of the open project current. Mounted once, by the frame. */
export function useProjectTopic(): void {
  const project = useProject();
  const client = useQueryClient();
  const refresh = (key: string) => void client.invalidateQueries({ queryKey: [key] });
  useTopic(project ? `project:${project.id}` : null, {
    onMessage: (message) => {
      switch (message.type) {
        case 'job': {
          const job = message['job'] as Job;
          client.setQueryData(jobKey(job.id), job);
          client.setQueryData<Job[]>(jobsKey(project?.id), (jobs) => withJob(jobs ?? [], job));
          return;
        }
        case 'network':
          refresh('networks');
          return;
        case 'dataset':
          refresh('datasets');
          return;
        default:
          return;
      }
    },
    onGap: () => {
      for (const key of ['jobs', 'job', 'runs', 'networks', 'datasets']) refresh(key);
    },
    // It went into the bin, or one is no longer a member: the list of projects is old.
    onRefused: () => void client.invalidateQueries({ queryKey: SESSION_KEY }),
  });
}

/** A late message never brings a job back to life that has ended already. */
function newerJob(known: Job | undefined, told: Job): Job {
  return known && isOver(known) && !isOver(told) ? known : told;
}

/** The running jobs after one of them spoke. */
export function withJob(jobs: readonly Job[], job: Job): Job[] {
  const others = jobs.filter((each) => each.id !== job.id);
  return isOver(job) ? others : [job, ...others];
}
