import { Button, Modal } from '@mantine/core';
import { IconArrowLeft, IconFileImport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type DragEvent } from 'react';
import { formatBytes, plural } from '@/lib';
import { ProblemNotice } from '@/ui';
import { DESIGNER_IDS } from '../testids';
import classes from './Imports.module.css';
import { Refused, Working } from './OpeningState';
import { useNetworkImport } from './useNetworkImport';
import { weightFilesQuery } from './weightFiles';
import { WeightsPanel } from './WeightsPanel';

interface ImportNetworkDialogProps {
  projectId: string;
  /** Files that were dropped already: reading begins at once. */
  files?: readonly File[] | null;
  /** The network that weights are for, when they are loaded from it. */
  networkId?: string;
  onClose: () => void;
}

/** Bring the file of a network in; it opens with a report of what became of each layer. */
export function ImportNetworkDialog({ projectId, files = null, networkId, onClose }: ImportNetworkDialogProps) {
  const run = useNetworkImport(projectId, onClose);
  const { start } = run;
  const [waiting, setWaiting] = useState<string | null>(null);
  const weightFileId = run.weightFileId ?? waiting;
  const begun = useRef<readonly File[] | null>(null);
  useEffect(() => {
    if (files === null || begun.current === files) return;
    begun.current = files;
    void start(files);
  }, [files, start]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={networkId === undefined ? 'Import a network' : 'Load weights'}
      size={weightFileId === null ? 560 : 980}
      closeOnClickOutside={!run.isWorking}
      closeOnEscape={!run.isWorking}
    >
      <div className={classes.dialog}>
        {run.isWorking ? (
          <Working text={run.text} progress={run.progress} onCancel={run.cancel} />
        ) : weightFileId !== null ? (
          <>
            <Button
              size="compact-sm"
              variant="subtle"
              className={classes.back}
              leftSection={<IconArrowLeft size={14} />}
              onClick={() => {
                setWaiting(null);
                run.forget();
              }}
            >
              Choose another file
            </Button>
            <WeightsPanel
              key={weightFileId}
              projectId={projectId}
              weightFileId={weightFileId}
              networkId={networkId ?? null}
              onLoaded={onClose}
            />
          </>
        ) : (
          <>
            {run.error !== null && <ProblemNotice error={run.error} />}
            {run.problem !== null && <Refused problem={run.problem} />}
            <Drop isWeights={networkId !== undefined} onFiles={(chosen) => void start(chosen)} />
            {networkId !== undefined && <WaitingChoice projectId={projectId} onChoose={setWaiting} />}
          </>
        )}
      </div>
    </Modal>
  );
}

interface WaitingChoiceProps {
  projectId: string;
  onChoose: (weightFileId: string) => void;
}

/** Files that came in before and have no network yet. */
function WaitingChoice({ projectId, onChoose }: WaitingChoiceProps) {
  const { data: files = [] } = useQuery(weightFilesQuery(projectId));
  if (files.length === 0) return null;
  return (
    <section className={classes.waiting} aria-label="Weights waiting for a network">
      <h3>Or take what waits for a network</h3>
      <ul>
        {files.map((file) => (
          <li key={file.id}>
            <span>
              {file.source} <small>{plural(file.num_tensors, 'tensor')}, {formatBytes(file.size_bytes)}</small>
            </span>
            <Button
              size="compact-sm"
              variant="default"
              data-testid={DESIGNER_IDS.waitingChoice(file.source)}
              onClick={() => onChoose(file.id)}
            >
              Match…
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface DropProps {
  isWeights: boolean;
  onFiles: (files: readonly File[]) => void;
}

function Drop({ isWeights, onFiles }: DropProps) {
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null): void => {
    if (files !== null && files.length > 0) onFiles([...files]);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <div
      className={classes.drop}
      data-over={isOver || undefined}
      data-testid={DESIGNER_IDS.importDrop}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <p className={classes.dropText}>
        {isWeights ? 'Drop a file of weights here.' : 'Drop the file of a network here.'}
      </p>
      <p className={classes.kinds}>
        {isWeights ? WEIGHT_KINDS : <NetworkKinds />}
      </p>
      <Button
        variant="default"
        leftSection={<IconFileImport size={16} />}
        onClick={() => input.current?.click()}
      >
        Choose a file
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="File of a network"
        data-testid={DESIGNER_IDS.importFile}
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}

const WEIGHT_KINDS =
  'PyTorch .pt .pth .th · safetensors · Keras .h5 saved with save_weights. You see which tensor goes where before anything is loaded.';

function NetworkKinds() {
  return (
    <>
      Keras <code>.keras</code> <code>.h5</code> <code>.hdf5</code> <code>.json</code> · ONNX{' '}
      <code>.onnx</code> · PyTorch <code>.pt2</code> <code>.py</code> · TorchScript{' '}
      <code>.pt</code> · Caffe <code>.prototxt</code> with <code>.caffemodel</code> · Netloom bundle{' '}
      <code>.zip</code> and document <code>.json</code> · weights alone <code>.pth</code>{' '}
      <code>.safetensors</code> <code>.h5</code>. A network in several files is brought in by
      choosing them together. Other files are recognised by their content, and you are told how to
      bring them in.
    </>
  );
}
