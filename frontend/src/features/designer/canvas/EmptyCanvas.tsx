import { Button } from '@mantine/core';
import { IconTopologyStar3 } from '@tabler/icons-react';
import { EmptyState } from '@/ui';
import { findCommand } from '../state/commands';
import { useDesigner, useEditor } from '../state/DesignerContext';
import classes from './DesignerCanvas.module.css';

export function EmptyCanvas() {
  const designer = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  return (
    <div className={classes.empty}>
      <div>
        <EmptyState
          icon={<IconTopologyStar3 size={26} stroke={1.5} />}
          title="Nothing is drawn yet"
          action={
            canEdit && (
              <Button onClick={() => findCommand('insert')?.perform(designer)}>
                Insert the first layer
              </Button>
            )
          }
        >
          Begin with an image input. Drag layers from the left, press <kbd>/</kbd> and type, or
          paste copied layers.
        </EmptyState>
      </div>
    </div>
  );
}
