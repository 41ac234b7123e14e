import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { http, type Job, type NewImport } from '@/api';
import { cancelJob, isOver, useJob } from '@/lib';
import { itemsKey } from '../api';
import { sortChosen, type Chosen } from './collectFiles';
import { resumeKeyOf, uploadFile } from './upload';
import { archiveGroups, packZip, type PathFile } from './zipWriter';

export type ImportOptions = NonNullable<NewImport['options']>;

export type ImportSource =
  | { type: 'files'; files: readonly PathFile[] }
  | { type: 'folder'; path: string }
  | { type: 'csv'; table: File; files: readonly PathFile[]; folder: string | null };

export interface Sending {
  what: 'packing' | 'uploading';
  /** 0 to 1. */
  progress: number;
  text: string;
}

/** One import from the chosen files to the report: pack, upload, then follow the job. */
export function useImport(projectId: string, datasetId: string) {
  const client = useQueryClient();
  const [sending, setSending] = useState<Sending | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [jobId, setJobId] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);
  const { data: job } = useJob(jobId);
  const isFinished = job !== undefined && isOver(job);

  useEffect(() => {
    if (!isFinished) return;
    void client.invalidateQueries({ queryKey: ['datasets'] });
    void client.invalidateQueries({ queryKey: itemsKey(datasetId) });
  }, [isFinished, client, datasetId]);
  useEffect(() => () => abort.current?.abort(), []);

  const start = useCallback(
    async (source: ImportSource, options: ImportOptions) => {
      const controller = new AbortController();
      abort.current = controller;
      setError(null);
      try {
        const told = await sendSource(projectId, source, setSending, controller.signal);
        const body: NewImport = { source: told, options };
        const started = await http.post<Job>(`/api/datasets/${datasetId}/imports`, body);
        client.setQueryData(['job', started.id], started);
        setJobId(started.id);
      } catch (failure) {
        if (!controller.signal.aborted) setError(failure);
      } finally {
        setSending(null);
      }
    },
    [client, datasetId, projectId],
  );

  const cancel = useCallback(() => {
    abort.current?.abort();
    if (jobId !== null) void cancelJob(jobId);
  }, [jobId]);

  const again = useCallback(() => setJobId(null), []);

  return { start, cancel, again, sending, error, job, isFinished };
}

type Report = (sending: Sending) => void;

async function sendSource(
  projectId: string,
  source: ImportSource,
  report: Report,
  signal: AbortSignal,
): Promise<NewImport['source']> {
  switch (source.type) {
    case 'folder':
      return { type: 'folder', path: source.path };
    case 'files': {
      const contents = await contentsOf(sortChosen(source.files), report, signal);
      return { type: 'upload', upload_ids: await sendAll(projectId, contents, report, signal) };
    }
    case 'csv': {
      const files = await contentsOf(sortChosen(source.files), report, signal);
      const table = { name: source.table.name, blob: source.table };
      const [upload_id, files_upload_id] = await sendAll(projectId, [table, ...files], report, signal);
      return {
        type: 'csv',
        upload_id: upload_id ?? '',
        files_upload_id: files_upload_id ?? null,
        folder: source.folder,
      };
    }
  }
}

interface Content {
  name: string;
  blob: Blob;
}

/** Archives as they are; loose files packed, so that their folders are kept. */
async function contentsOf(chosen: Chosen, report: Report, signal: AbortSignal): Promise<Content[]> {
  const contents: Content[] = chosen.archives.map((file) => ({ name: file.name, blob: file }));
  const groups = archiveGroups(chosen.loose);
  let packed = 0;
  for (const [index, group] of groups.entries()) {
    const start = packed;
    const blob = await packZip(
      group,
      (done) => {
        packed = start + done;
        const text = `Reading ${String(packed)} of ${String(chosen.loose.length)} files`;
        report({ what: 'packing', progress: packed / chosen.loose.length, text });
      },
      signal,
    );
    contents.push({ name: `files-${String(index + 1)}.zip`, blob });
  }
  return contents;
}

async function sendAll(
  projectId: string,
  contents: readonly Content[],
  report: Report,
  signal: AbortSignal,
): Promise<string[]> {
  const total = contents.reduce((sum, { blob }) => sum + blob.size, 0);
  let finished = 0;
  const ids: string[] = [];
  for (const { name, blob } of contents) {
    const id = await uploadFile({
      projectId,
      name,
      content: blob,
      ...(blob instanceof File ? { resumeKey: resumeKeyOf(projectId, blob) } : {}),
      onProgress: (sent) =>
        report({ what: 'uploading', progress: (finished + sent) / Math.max(1, total), text: `Sending ${name}` }),
      signal,
    });
    finished += blob.size;
    ids.push(id);
  }
  return ids;
}
