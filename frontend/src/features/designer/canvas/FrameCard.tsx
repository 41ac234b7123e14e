import { NodeResizer, type NodeProps } from '@xyflow/react';
import { memo, useState } from 'react';
import type { Frame } from '../document/types';
import { useDesigner, useEditor } from '../state/DesignerContext';
import type { FrameNode } from './flowElements';
import classes from './FrameCard.module.css';

/** A titled rectangle behind layers: a comment. Dragging its title takes along what lies in it. */
export const FrameCard = memo(function FrameCard({
  data,
  selected,
  positionAbsoluteX: left,
  positionAbsoluteY: top,
  width: drawnWidth,
  height: drawnHeight,
}: NodeProps<FrameNode>) {
  const { editor } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const [isEditing, setEditing] = useState(false);
  const { frame, frameId } = data;
  // What is expanded in it has made it grow: its own size is that of the document.
  const isStretched = drawnWidth !== frame.width_px || drawnHeight !== frame.height_px;
  const change = (label: string, next: Frame): void => {
    editor.perform(label, [{ op: 'set_frame', frame_id: frameId, frame: next }]);
  };
  return (
    <div
      className={classes.frame}
      data-selected={selected || undefined}
      style={{ '--hue': frame.hue }}
      onDoubleClick={(event) => {
        event.stopPropagation();
        if (canEdit) setEditing(true);
      }}
    >
      <NodeResizer
        isVisible={selected && canEdit && !isStretched}
        minWidth={120}
        minHeight={64}
        onResizeEnd={(_event, { x, y, width, height }) =>
          change('Resize frame', {
            ...frame,
            x: frame.x + x - left,
            y: frame.y + y - top,
            width_px: width,
            height_px: height,
          })
        }
      />
      {isEditing ? (
        <FrameForm
          frame={frame}
          onDone={(next) => {
            setEditing(false);
            if (next !== null) change('Edit frame', next);
          }}
        />
      ) : (
        <>
          <div className={`frame-title ${classes.title ?? ''}`}>{frame.title || 'Comment'}</div>
          {frame.text !== '' && <div className={classes.text}>{frame.text}</div>}
        </>
      )}
    </div>
  );
});

function FrameForm({ frame, onDone }: { frame: Frame; onDone: (next: Frame | null) => void }) {
  const [title, setTitle] = useState(frame.title);
  const [text, setText] = useState(frame.text);
  return (
    <form
      className={`nodrag nopan ${classes.form ?? ''}`}
      onSubmit={(event) => {
        event.preventDefault();
        onDone({ ...frame, title, text });
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') onDone(null);
      }}
      onBlur={(event) => {
        const isInside =
          event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget);
        if (!isInside) onDone({ ...frame, title, text });
      }}
    >
      <input
        autoFocus
        value={title}
        maxLength={200}
        placeholder="Title"
        aria-label="Title of the frame"
        onChange={(event) => setTitle(event.target.value)}
      />
      <textarea
        value={text}
        maxLength={4000}
        placeholder="Comment"
        aria-label="Comment"
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}
