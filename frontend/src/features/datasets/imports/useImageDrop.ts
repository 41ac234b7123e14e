import { notifications } from '@mantine/notifications';
import type { DragEvent } from 'react';
import { hasFolder } from '@/lib';
import { filesOfDrop, isArchive, isCsv } from './collectFiles';
import type { PathFile } from './zipWriter';

const UNREADABLE = {
  title: 'What was dropped cannot be read',
  message: 'A file is gone or may not be opened. Drop the others without it.',
};

interface DropHandlers {
  onDragOver: (event: DragEvent<HTMLElement>) => void;
  onDrop: (event: DragEvent<HTMLElement>) => void;
}

/** A part of the page that takes data dropped anywhere on it; other files, such as networks, pass. */
export function useImageDrop(isOn: boolean, onFiles: (files: readonly PathFile[]) => void): Partial<DropHandlers> {
  if (!isOn) return {};
  return {
    onDragOver: (event) => {
      if (isOnPage(event) && event.dataTransfer.types.includes('Files')) event.preventDefault();
    },
    onDrop: (event) => {
      if (!isOnPage(event) || !holdsData([...event.dataTransfer.files], hasFolder(event.dataTransfer))) return;
      event.preventDefault();
      filesOfDrop(event.dataTransfer).then(onFiles, () => notifications.show({ color: 'red', ...UNREADABLE }));
    },
  };
}

/** True of what a dataset takes: folders, archives, tables and pictures. */
export function holdsData(files: readonly Pick<File, 'name' | 'type'>[], isFolder: boolean): boolean {
  return isFolder || files.some(({ name, type }) => isArchive(name) || isCsv(name) || type.startsWith('image/'));
}

/** Dialogs are children of the page, but stand before it. */
function isOnPage({ currentTarget, target }: DragEvent<HTMLElement>): boolean {
  return target instanceof Node && currentTarget.contains(target);
}
