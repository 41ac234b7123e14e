import type { PathFile } from './zipWriter';

/** Files of an `<input>`; a chosen folder brings its files' paths along. */
export function filesOfInput(list: FileList | null): PathFile[] {
  return [...(list ?? [])].map((file) => ({
    path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
    file,
  }));
}

/** Everything that was dropped, folders read to their depths. */
export async function filesOfDrop(transfer: DataTransfer): Promise<PathFile[]> {
  // The list of items is only valid during the event, so the entries are taken first.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return filesOfInput(transfer.files);
  const found: PathFile[] = [];
  for (const entry of entries) await walk(entry, '', found);
  return found;
}

async function walk(entry: FileSystemEntry, parent: string, found: PathFile[]): Promise<void> {
  const path = parent === '' ? entry.name : `${parent}/${entry.name}`;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ path, file });
  } else if (isDirectory(entry)) {
    const reader = entry.createReader();
    for (;;) {
      // A reader answers at most 100 entries at a time, then an empty list.
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) break;
      for (const child of batch) await walk(child, path, found);
    }
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

const IS_ARCHIVE = /\.zip$/i;
const IS_CSV = /\.(csv|tsv)$/i;

export const isArchive = (name: string): boolean => IS_ARCHIVE.test(name);
export const isCsv = (name: string): boolean => IS_CSV.test(name);

export interface Chosen {
  archives: File[];
  csv: File | null;
  loose: PathFile[];
  bytes: number;
}

/** Sorts what was chosen: archives go up as they are, loose files are packed into one. */
export function sortChosen(files: readonly PathFile[]): Chosen {
  const chosen: Chosen = { archives: [], csv: null, loose: [], bytes: 0 };
  for (const entry of files) {
    chosen.bytes += entry.file.size;
    if (isArchive(entry.path)) chosen.archives.push(entry.file);
    else if (isCsv(entry.path) && chosen.csv === null) chosen.csv = entry.file;
    else chosen.loose.push(entry);
  }
  return chosen;
}
