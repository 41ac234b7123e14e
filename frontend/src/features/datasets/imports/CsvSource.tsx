import { FileInput, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { DropZone } from './DropZone';
import { FolderBrowser } from './FolderBrowser';
import classes from './ImportDialog.module.css';
import type { PathFile } from './zipWriter';

interface CsvSourceProps {
  table: File | null;
  files: readonly PathFile[];
  folder: string | null;
  onTable: (table: File | null) => void;
  onFiles: (files: readonly PathFile[]) => void;
  onFolder: (folder: string | null) => void;
}

/** A table of files and labels, beside the files it names. */
export function CsvSource({ table, files, folder, onTable, onFiles, onFolder }: CsvSourceProps) {
  const [place, setPlace] = useState<'computer' | 'server'>('computer');
  const change = (next: 'computer' | 'server') => {
    setPlace(next);
    onFiles([]);
    onFolder(null);
  };
  return (
    <div className={classes.form}>
      <FileInput
        label="Table"
        description="Columns file and label; split and group are optional."
        placeholder="labels.csv"
        accept=".csv,.tsv,text/csv"
        value={table}
        onChange={onTable}
        clearable
      />
      <SegmentedControl
        aria-label="Where the files are"
        value={place}
        onChange={change}
        data={[
          { value: 'computer', label: 'Files on this computer' },
          { value: 'server', label: 'Files on the server' },
        ]}
      />
      {place === 'computer' ? (
        <DropZone files={files} onFiles={onFiles} hint="Drop the images, a zip of them or their folder here." />
      ) : (
        <FolderBrowser chosen={folder} onChoose={onFolder} />
      )}
    </div>
  );
}
