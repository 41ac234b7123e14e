import { Suspense, useEffect, useState } from 'react';
import { StartRunDialog, type StartRunDialogProps } from '@/features/training';
import { parseOperations } from '../document/parse';
import { withRoom } from '../document/room';
import { portsOfDesigner, useDesigner, useEditor, usePanels } from '../state/DesignerContext';
import { takeNextRun } from '../state/nextRun';
import { spacingFor } from '../state/placement';

/** Training what is drawn; a problem of the network is repaired here, as one step of undo. */
export function TrainDialog() {
  const designer = useDesigner();
  const { networkId, panels, editor, saver } = designer;
  const canEdit = useEditor((state) => state.canEdit);
  const isOpen = usePanels((state) => state.isTraining);
  const [next] = useState(() => takeNextRun(networkId));
  useEffect(() => {
    if (next !== null) panels.set({ isTraining: true });
  }, [next, panels]);
  if (!isOpen) return null;
  const fix: StartRunDialogProps['onFix'] = ({ label, operations }) => {
    const spacing = spacingFor(portsOfDesigner(designer));
    editor.perform(label, withRoom(editor.state.document, parseOperations(operations), spacing));
    return saver.flush();
  };
  return (
    <Suspense fallback={null}>
      <StartRunDialog
        opened
        networkId={networkId}
        {...(next === null ? {} : { initial: next })}
        {...(canEdit ? { onFix: fix } : {})}
        onClose={() => panels.set({ isTraining: false })}
      />
    </Suspense>
  );
}
