/** Asking the server for a preview: a job, followed by the socket, given up when overtaken. */

import { http, Problem, type Job, type Preview } from '@/api';
import { cancelJob, isOver, socket } from '@/lib';
import { newId } from '../document/ids';
import type { PreviewPorts } from './livePreview';

const POLL_MS = 1000;

export function previewPorts(networkId: string): PreviewPorts {
  // Names this tab: its next question ends the one before on the server.
  const page = newId();
  return {
    ask: async (question, signal) => {
      const path = `/api/networks/${networkId}/previews`;
      const job = await http.post<Job>(path, { ...question, page }, signal);
      const ended = await endOf(job, signal);
      if (ended.state === 'failed' && ended.problem) throw new Problem(422, ended.problem);
      const id = ended.result?.['preview_id'];
      if (typeof id !== 'string') throw new DOMException('Overtaken', 'AbortError');
      const preview = await http.get<Preview>(`/api/previews/${id}`, {}, signal);
      return { job: ended, preview };
    },
  };
}

/** The job once it has ended. The socket tells; a slow poll covers what the socket missed. */
function endOf(job: Job, signal: AbortSignal): Promise<Job> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      void http.get<Job>(`/api/jobs/${job.id}`, {}, signal).then(hear, leaveWith);
    };
    const hear = (told: unknown): void => {
      if (!isJob(told) || !isOver(told)) return;
      leave();
      resolve(told);
    };
    const leaveWith = (reason: unknown): void => {
      leave();
      reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    const giveUp = (): void => {
      leaveWith(new DOMException('Overtaken', 'AbortError'));
      void cancelJob(job.id).catch(() => undefined);
    };
    const unsubscribe = socket.subscribe(`job:${job.id}`, {
      onMessage: (message) =>
        hear(message.type === 'subscribed' ? message['snapshot'] : message['job']),
      onGap: look,
      onRefused: look,
    });
    const timer = setInterval(look, POLL_MS);
    const leave = (): void => {
      clearInterval(timer);
      unsubscribe();
      signal.removeEventListener('abort', giveUp);
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp);
  });
}

function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && 'state' in value && 'result' in value;
}
