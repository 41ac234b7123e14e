import { notifications } from '@mantine/notifications';
import { lazy, Suspense, useEffect, useState } from 'react';
import { hasFolder, roleAllows, useProject } from '@/lib';
import { whyNoNetwork } from './dropped';

/** Comes with the first file: nobody waits for a dialog that is not open. */
const ImportNetworkDialog = lazy(() =>
  import('./ImportNetworkDialog').then((module) => ({ default: module.ImportNetworkDialog })),
);

/** A network's files may be dropped anywhere in the app where nothing else takes files. */
export function DropNetwork() {
  const project = useProject();
  const canEdit = project !== null && roleAllows(project.role, 'editor');
  const [files, setFiles] = useState<readonly File[] | null>(null);
  useEffect(() => {
    if (!canEdit) return;
    // A picture of the page that is dragged about comes with a file of its own.
    let isOfPage = false;
    const begin = (): void => void (isOfPage = true);
    const end = (): void => void (isOfPage = false);
    const over = (event: DragEvent): void => {
      if (!event.defaultPrevented && holdsFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      if (event.defaultPrevented || !holdsFiles(event)) return;
      event.preventDefault();
      if (isOfPage) return;
      const dropped = [...(event.dataTransfer?.files ?? [])];
      const refusal = whyNoNetwork(dropped, hasFolder(event.dataTransfer));
      if (refusal !== null) notifications.show({ title: 'No network was dropped', message: refusal });
      else if (dropped.length > 0) setFiles(dropped);
    };
    window.addEventListener('dragstart', begin);
    window.addEventListener('dragend', end);
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragstart', begin);
      window.removeEventListener('dragend', end);
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, [canEdit]);
  if (files === null || project === null) return null;
  return (
    <Suspense fallback={null}>
      <ImportNetworkDialog projectId={project.id} files={files} onClose={() => setFiles(null)} />
    </Suspense>
  );
}

function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}
