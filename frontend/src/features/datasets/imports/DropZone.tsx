import { Button } from '@mantine/core';
import { IconFolderPlus, IconPhotoPlus, IconX } from '@tabler/icons-react';
import { useRef, useState, type ChangeEvent, type DragEvent } from 'react';
import { TESTIDS, formatBytes, plural } from '@/lib';
import { filesOfDrop, filesOfInput, sortChosen } from './collectFiles';
import classes from './ImportDialog.module.css';
import type { PathFile } from './zipWriter';

interface DropZoneProps {
  files: readonly PathFile[];
  onFiles: (files: readonly PathFile[]) => void;
  hint?: string;
}

/** Takes zips, images and whole folders, dropped or chosen. */
export function DropZone({ files, onFiles, hint }: DropZoneProps) {
  const [isOver, setOver] = useState(false);
  const fileInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = filesOfInput(event.currentTarget.files);
    if (chosen.length > 0) onFiles(chosen);
    event.currentTarget.value = '';
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void filesOfDrop(event.dataTransfer).then(onFiles);
  };
  return (
    <div
      className={classes.drop}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {files.length === 0 ? (
        <p className={classes.dropText}>
          {hint ?? 'Drop a zip, images or a folder here. Folders become classes; train, validation and test folders are honoured.'}
        </p>
      ) : (
        <ChosenFiles files={files} onClear={() => onFiles([])} />
      )}
      <div className={classes.buttons}>
        <Button
          variant="default"
          leftSection={<IconPhotoPlus size={16} />}
          onClick={() => fileInput.current?.click()}
        >
          Choose files
        </Button>
        <Button
          variant="default"
          leftSection={<IconFolderPlus size={16} />}
          onClick={() => folderInput.current?.click()}
        >
          Choose a folder
        </Button>
      </div>
      <input
        ref={fileInput}
        type="file"
        multiple
        hidden
        aria-label="Files"
        onChange={take}
        data-testid={TESTIDS.data.importFiles}
      />
      <input
        ref={folderInput}
        type="file"
        hidden
        aria-label="Folder"
        // React knows no prop of this name for the choice of a folder.
        {...{ webkitdirectory: '' }}
        onChange={take}
        data-testid={TESTIDS.data.importFolder}
      />
    </div>
  );
}

function ChosenFiles({ files, onClear }: { files: readonly PathFile[]; onClear: () => void }) {
  const chosen = sortChosen(files);
  const parts = [
    chosen.archives.length > 0 ? plural(chosen.archives.length, 'zip') : null,
    chosen.loose.length > 0 ? plural(chosen.loose.length, 'file') : null,
    chosen.csv ? 'a CSV' : null,
  ].filter((part) => part !== null);
  const names = files.slice(0, 3).map(({ path }) => path);
  return (
    <div className={classes.chosen}>
      <div>
        <b>{parts.join(' and ')}</b>, {formatBytes(chosen.bytes)}
      </div>
      <div className={`mono ${classes.names ?? ''}`}>
        {names.join('  ')}
        {files.length > 3 && ' …'}
      </div>
      <Button size="xs" variant="subtle" color="gray" leftSection={<IconX size={14} />} onClick={onClear}>
        Choose others
      </Button>
    </div>
  );
}
