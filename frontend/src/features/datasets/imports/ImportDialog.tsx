import { Button, Modal, Progress, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { Dataset, Job } from '@/api';
import { TESTIDS, formatPercent, queueText } from '@/lib';
import { DialogFooter, ProblemNotice } from '@/ui';
import { CsvSource } from './CsvSource';
import { DropZone } from './DropZone';
import { FolderBrowser } from './FolderBrowser';
import classes from './ImportDialog.module.css';
import { DEFAULT_CHOICES, ImportOptionsForm, optionsOf } from './ImportOptionsForm';
import { JobReport } from './ImportReportView';
import { useImport, type ImportSource, type Sending } from './useImport';
import type { PathFile } from './zipWriter';

const SOURCES = [
  { value: 'files', label: 'From this computer', testId: TESTIDS.data.importSourceUpload },
  { value: 'folder', label: 'Folder of the server', testId: TESTIDS.data.importSourceFolder },
  { value: 'csv', label: 'CSV', testId: TESTIDS.data.importSourceCsv },
] as const;
type SourceType = (typeof SOURCES)[number]['value'];

interface ImportDialogProps {
  dataset: Dataset;
  /** What was dropped on the page already. */
  dropped: readonly PathFile[];
  onClose: () => void;
}

export function ImportDialog({ dataset, dropped, onClose }: ImportDialogProps) {
  const run = useImport(dataset.project_id, dataset.id);
  const isWorking = run.sending !== null || (run.job !== undefined && !run.isFinished);
  const isUploading = run.sending !== null;
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Bring images into ${dataset.name}`}
      size={680}
      closeOnClickOutside={!isWorking}
      closeOnEscape={!isUploading}
    >
      {run.job === undefined && !isWorking && (
        // Large folders are read after they were dropped: the dialog may be open by then.
        <ChooseSource key={dropped.length} dropped={dropped} onStart={(source, options) => void run.start(source, options)} error={run.error} />
      )}
      {isWorking && (
        <Working sending={run.sending} job={run.job} onCancel={run.cancel} onHide={isUploading ? null : onClose} />
      )}
      {run.job && run.isFinished && <JobReport job={run.job} datasetId={dataset.id} onClose={onClose} onAgain={run.again} />}
    </Modal>
  );
}

interface ChooseSourceProps {
  dropped: readonly PathFile[];
  onStart: (source: ImportSource, options: ReturnType<typeof optionsOf>) => void;
  error: unknown;
}

function ChooseSource({ dropped, onStart, error }: ChooseSourceProps) {
  const [type, setType] = useState<SourceType>('files');
  const [files, setFiles] = useState(dropped);
  const [folder, setFolder] = useState<string | null>(null);
  const [table, setTable] = useState<File | null>(null);
  const [choices, setChoices] = useState(DEFAULT_CHOICES);
  const source = sourceOf(type, files, folder, table);
  return (
    <div className={classes.form}>
      <SegmentedControl
        fullWidth
        aria-label="Where the images are"
        value={type}
        onChange={setType}
        data={SOURCES.map(({ value, label, testId }) => ({
          value,
          label: <span data-testid={testId}>{label}</span>,
        }))}
      />
      {type === 'files' && <DropZone files={files} onFiles={setFiles} />}
      {type === 'folder' && <FolderBrowser chosen={folder} onChoose={setFolder} />}
      {type === 'csv' && (
        <CsvSource
          table={table}
          files={files}
          folder={folder}
          onTable={setTable}
          onFiles={setFiles}
          onFolder={setFolder}
        />
      )}
      <ImportOptionsForm choices={choices} isCsv={type === 'csv'} onChange={setChoices} />
      {error !== null && <ProblemNotice error={error} />}
      <DialogFooter>
        <Button
          disabled={source === null}
          onClick={() => source && onStart(source, optionsOf(choices))}
          data-testid={TESTIDS.data.importStart}
        >
          Bring in
        </Button>
      </DialogFooter>
    </div>
  );
}

function sourceOf(
  type: SourceType,
  files: readonly PathFile[],
  folder: string | null,
  table: File | null,
): ImportSource | null {
  switch (type) {
    case 'files':
      return files.length === 0 ? null : { type, files };
    case 'folder':
      return folder === null ? null : { type, path: folder };
    case 'csv':
      return table === null || (files.length === 0 && folder === null) ? null : { type, table, files, folder };
  }
}

interface WorkingProps {
  sending: Sending | null;
  job: Job | undefined;
  onCancel: () => void;
  /** The job goes on without the dialog; an upload does not. */
  onHide: (() => void) | null;
}

function Working({ sending, job, onCancel, onHide }: WorkingProps) {
  const progress = sending?.progress ?? job?.progress ?? 0;
  const [isCancelling, setCancelling] = useState(false);
  const text = isCancelling ? 'Cancelling' : sending?.text ?? (job?.state === 'queued' ? queueText(job.queue_place) : (job?.message ?? 'Starting'));
  return (
    <div className={classes.form} data-testid={TESTIDS.data.importProgress}>
      <div className={classes.working}>
        <span>{text}</span>
        <span className="mono">{formatPercent(progress, 0)}</span>
      </div>
      <Progress value={progress * 100} size={6} aria-label={text} />
      <DialogFooter>
        {onHide && (
          <Button variant="subtle" color="gray" onClick={onHide}>
            Go on in the background
          </Button>
        )}
        <Button
          variant="default"
          loading={isCancelling}
          onClick={() => {
            setCancelling(true);
            onCancel();
          }}
        >
          Cancel
        </Button>
      </DialogFooter>
    </div>
  );
}
