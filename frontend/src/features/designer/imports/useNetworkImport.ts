import { useCallback } from 'react';
import { http, type Job } from '@/api';
import { useOpening, useShowNetwork, type Opening } from './useOpening';

export interface NetworkImport extends Omit<Opening, 'start'> {
  /** Several files of one network, such as the layers and the weights of Caffe. */
  readonly start: (files: readonly File[]) => Promise<void>;
}

/** The files of one network, from this computer to a network that is open. */
export function useNetworkImport(projectId: string, onOpened: () => void): NetworkImport {
  const show = useShowNetwork();
  const showOpened = useCallback(
    (networkId: string) => void show(networkId).then(onOpened),
    [show, onOpened],
  );
  const { start: open, ...rest } = useOpening(projectId, showOpened);
  const start = useCallback(
    (files: readonly File[]) =>
      open(files, ([uploadId, ...sideUploadIds]) =>
        http.post<Job>('/api/imports', {
          project_id: projectId,
          upload_id: uploadId,
          side_upload_ids: sideUploadIds,
        }),
      ),
    [open, projectId],
  );
  return { ...rest, start };
}
