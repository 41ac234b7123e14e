import { lazy, Suspense, useEffect, useState } from 'react';
import { roleAllows, useProject } from '@/lib';

/** Comes with the first file: nobody waits for a dialog that is not open. */
const ImportNetworkDialog = lazy(() =>
  import('./ImportNetworkDialog').then((module) => ({ default: module.ImportNetworkDialog })),
);

/** A network has few; more than this many are data, dropped in the wrong place. */
const MOST_FILES = 32;

/** A network's files may be dropped anywhere in the app where nothing else takes files. */
export function DropNetwork() {
  const project = useProject();
  const canEdit = project !== null && roleAllows(project.role, 'editor');
  const [files, setFiles] = useState<readonly File[] | null>(null);
  useEffect(() => {
    if (!canEdit) return;
    const over = (event: DragEvent): void => {
      if (!event.defaultPrevented && holdsFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      if (event.defaultPrevented || !holdsFiles(event)) return;
      event.preventDefault();
      const dropped = [...(event.dataTransfer?.files ?? [])];
      if (dropped.length > 0 && dropped.length <= MOST_FILES && !dropped.some(isMedia)) {
        setFiles(dropped);
      }
    };
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
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

/** Pictures and sounds are data, not networks: they are dropped onto a dataset. */
function isMedia({ type }: File): boolean {
  return /^(image|video|audio)\//.test(type);
}
