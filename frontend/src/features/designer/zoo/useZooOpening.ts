import { useNavigate } from '@tanstack/react-router';
import { useCallback, useRef, useState } from 'react';
import { useOpening, useShowNetwork, type Opening } from '../imports/useOpening';
import { openZooEntry } from './queries';

export interface ZooWanted {
  readonly key: string;
  /** Name of a set of weights; none takes those that are there. */
  readonly weights?: string;
  /** Weights that are not on the studio's machine. */
  readonly file?: File;
  /** Goes on with transfer learning rather than on the canvas. */
  readonly isForData: boolean;
}

export interface ZooOpening extends Omit<Opening, 'start'> {
  /** What is being opened, or could not be. */
  readonly key: string | null;
  readonly open: (wanted: ZooWanted) => void;
}

/** From an entry of the zoo to its network, open on the canvas or in the dialog. */
export function useZooOpening(projectId: string): ZooOpening {
  const navigate = useNavigate();
  const show = useShowNetwork();
  const isForData = useRef(false);
  const goOn = useCallback(
    (networkId: string) =>
      void (isForData.current
        ? navigate({ to: '/networks', search: { start: 'transfer', network: networkId } })
        : show(networkId)),
    [navigate, show],
  );
  const { open, ...rest } = useZooEntry(projectId, goOn);
  return {
    ...rest,
    open: (wanted) => {
      isForData.current = wanted.isForData;
      open(wanted);
    },
  };
}

/** From an entry of the zoo to a network of the project. */
export function useZooEntry(projectId: string, onOpened: (networkId: string) => void) {
  const [key, setKey] = useState<string | null>(null);
  const { start, ...rest } = useOpening(projectId, onOpened);
  const open = ({ key: wanted, weights, file }: Omit<ZooWanted, 'isForData'>): void => {
    setKey(wanted);
    void start(file === undefined ? [] : [file], ([uploadId]) =>
      openZooEntry(wanted, {
        project_id: projectId,
        ...(weights === undefined ? {} : { weights }),
        ...(uploadId === undefined ? {} : { upload_id: uploadId }),
      }),
    );
  };
  return { ...rest, key, open };
}
