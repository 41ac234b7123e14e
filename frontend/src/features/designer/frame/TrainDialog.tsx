import { Suspense, useEffect, useState } from 'react';
import { StartRunDialog, type StartRunDialogProps } from '@/features/training';
import { parseOperations } from '../document/parse';
import { withRoom } from '../document/room';
import { portsOfDesigner, useDesigner, useEditor, usePanels } from '../state/DesignerContext';
import { takesTraining } from '../state/nextRun';
import { spacingFor } from '../state/placement';

/** Training what is drawn; a problem of the network is repaired here, as one step of undo. */
export function TrainDialog() {
  const designer = useDesigner();
  const { networkId, panels, editor, saver } = designer;
  const canEdit = useEditor((state) => state.canEdit);
  const isOpen = usePanels((state) => state.isTraining);
  const [isNext] = useState(() => takesTraining(networkId));
  useEffect(() => {
    if (isNext) panels.set({ isTraining: true });
  }, [isNext, panels]);
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
        {...(canEdit ? { onFix: fix } : {})}
        onClose={() => panels.set({ isTraining: false })}
      />
    </Suspense>
  );
}
