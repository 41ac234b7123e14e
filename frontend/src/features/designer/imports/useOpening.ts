import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Job } from '@/api';
import { uploadFile } from '@/features/datasets';
import { cancelJob, isOver, useJob } from '@/lib';
import { showImportNext } from '../state/panels';
import { transferSourcesKey } from '../transfer/queries';
import { weightFilesKey } from './weightFiles';

export interface Opening {
  /** From the first byte on; to the end where the network is then shown. */
  readonly isWorking: boolean;
  readonly text: string;
  /** 0 to 1; null while nobody can tell. */
  readonly progress: number | null;
  readonly error: unknown;
  readonly problem: Job['problem'];
  /** The file held weights alone: they wait for their network. */
  readonly weightFileId: string | null;
  /** Sends the files if there are any, then has `begin` queue the work. */
  readonly start: (files: readonly File[], begin: Begin) => Promise<void>;
  readonly cancel: () => void;
  /** Forgets what came in, to begin with another file. */
  readonly forget: () => void;
}

/** The upload is one part of the way, reading the file the other. */
const UPLOAD_SHARE = 0.3;

type Begin = (uploadIds: readonly string[]) => Promise<Job>;

/** Opens the page of a network that came in, with the report of how. */
export function useShowNetwork(): (networkId: string) => Promise<void> {
  const navigate = useNavigate();
  return useCallback(
    (networkId) => {
      showImportNext();
      return navigate({ to: '/networks/$networkId', params: { networkId } });
    },
    [navigate],
  );
}

/** From a file or a name to a network of the project. */
export function useOpening(projectId: string, onOpened: (networkId: string) => void): Opening {
  const client = useQueryClient();
  const abort = useRef<AbortController | null>(null);
  const [sent, setSent] = useState<{ text: string; share: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [jobId, setJobId] = useState<string | null>(null);
  const { data: job } = useJob(jobId);
  const networkId = job?.state === 'succeeded' ? job.result?.['network_id'] : undefined;

  const opened = useRef<string | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  useEffect(() => {
    // Once: a second visit would break off the first.
    if (typeof networkId !== 'string' || opened.current === networkId) return;
    opened.current = networkId;
    void client.invalidateQueries({ queryKey: ['networks', projectId] });
    void client.invalidateQueries({ queryKey: transferSourcesKey(projectId) });
    onOpened(networkId);
  }, [client, networkId, onOpened, projectId]);

  const start = useCallback(
    async (files: readonly File[], begin: Begin) => {
      const controller = new AbortController();
      abort.current = controller;
      setError(null);
      setJobId(null);
      setSent({ text: 'Asking for it', share: 0 });
      try {
        const total = Math.max(1, sizeOf(files));
        const uploadIds: string[] = [];
        for (const [place, file] of files.entries()) {
          const before = sizeOf(files.slice(0, place));
          const text = `Sending ${file.name}`;
          setSent({ text, share: before / total });
          uploadIds.push(
            await uploadFile({
              projectId,
              name: file.name,
              content: file,
              onProgress: (bytes) => setSent({ text, share: (before + bytes) / total }),
              signal: controller.signal,
            }),
          );
        }
        const started = await begin(uploadIds);
        if (controller.signal.aborted) {
          void cancelJob(started.id);
          return;
        }
        client.setQueryData(['job', started.id], started);
        setJobId(started.id);
      } catch (failure) {
        if (!controller.signal.aborted) setError(failure);
      } finally {
        setSent(null);
      }
    },
    [client, projectId],
  );

  const cancel = useCallback(() => {
    abort.current?.abort();
    if (jobId !== null) void cancelJob(jobId);
  }, [jobId]);

  const forget = useCallback(() => setJobId(null), []);

  const waiting = job?.state === 'succeeded' ? job.result?.['weight_file_id'] : undefined;
  useEffect(() => {
    if (waiting !== undefined) void client.invalidateQueries({ queryKey: weightFilesKey(projectId) });
  }, [client, projectId, waiting]);
  const isReading = jobId !== null && (job === undefined || !isOver(job) || networkId !== undefined);
  const read = job?.progress ?? null;
  return {
    isWorking: sent !== null || isReading,
    text: sent?.text ?? job?.message ?? 'Waiting for a worker',
    progress:
      sent !== null
        ? sent.share * UPLOAD_SHARE
        : read === null
          ? null
          : UPLOAD_SHARE + read * (1 - UPLOAD_SHARE),
    error,
    problem: job?.state === 'failed' ? job.problem : null,
    weightFileId: typeof waiting === 'string' ? waiting : null,
    start,
    cancel,
    forget,
  };
}

function sizeOf(files: readonly File[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
