import { Button, CloseButton } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Notice.module.css';

const SHOWN_MS = 6000;

/** Why something was not done, or what happened besides; goes away by itself. */
export function Notice() {
  const { editor } = useDesigner();
  const notice = useEditor((state) => state.notice);
  const last = useEditor((state) => state.history.past.at(-1));
  const count = notice?.count;
  useEffect(() => {
    if (count === undefined) return;
    const timer = setTimeout(() => editor.dismissNotice(), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [count, editor]);
  if (notice === null) return null;
  return (
    <div className={classes.notice} data-testid={DESIGNER_IDS.notice}>
      <IconInfoCircle size={16} stroke={1.8} aria-hidden />
      <span>{notice.text}</span>
      {notice.undoes !== null && notice.undoes === last && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => {
            editor.undo();
            editor.dismissNotice();
          }}
        >
          Undo
        </Button>
      )}
      <CloseButton size="sm" aria-label="Dismiss" onClick={() => editor.dismissNotice()} />
    </div>
  );
}
