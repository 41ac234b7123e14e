import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { asProblem } from '@/api';
import { trailTo } from '../analysis/useGoTo';
import { startThread, type Thread } from '../state/commentsApi';
import { useDesigner, useEditor, useScopeId } from '../state/DesignerContext';
import { CommentForm } from './CommentForm';
import classes from './Comments.module.css';
import { rectOf, regionOf } from './region';
import { ThreadView } from './ThreadView';
import { useThreads } from './useThreads';

/** All threads, open or resolved, and where a new one begins: on what is selected. */
export function CommentsTab() {
  const designer = useDesigner();
  const { threads, canComment, data, error } = useThreads();
  const [shown, setShown] = useState<'open' | 'resolved'>('open');
  const open = threads.filter((thread) => !thread.is_resolved);
  const resolved = threads.filter((thread) => thread.is_resolved);
  const listed = shown === 'open' ? open : resolved;
  const show = (thread: Thread): void => {
    const { editor, panels } = designer;
    if (thread.scope !== editor.scopeId) {
      editor.goTo(trailTo(editor.state.document, thread.scope));
    }
    const { node_id: nodeId, region } = thread;
    if (nodeId !== null) editor.select([nodeId]);
    // Once the scope that it is in is drawn.
    requestAnimationFrame(() => {
      if (nodeId !== null) panels.canvas?.reveal([nodeId]);
      else if (region !== null) panels.canvas?.frame(rectOf(region));
    });
  };
  return (
    <div className={classes.tab}>
      <div className={classes.bar}>
        <SegmentedControl
          size="xs"
          value={shown}
          onChange={setShown}
          data={[
            { value: 'open', label: `Open ${open.length}` },
            { value: 'resolved', label: `Resolved ${resolved.length}` },
          ]}
        />
        {canComment && <NewThreadForm />}
      </div>
      {error !== null && <p className={classes.none}>{asProblem(error).message}</p>}
      {data !== undefined && listed.length === 0 && (
        <p className={classes.none}>
          {shown === 'resolved'
            ? 'Nothing is resolved yet.'
            : 'No open comments. Select a layer, or several for the region around them, and write what you think of it. Comments never change the network.'}
        </p>
      )}
      <div className={classes.threads}>
        {listed.map((thread) => (
          <ThreadView key={thread.id} thread={thread} onShow={() => show(thread)} />
        ))}
      </div>
    </div>
  );
}

function NewThreadForm() {
  const { networkId, editor, catalog } = useDesigner();
  const scope = useScopeId();
  const state = useEditor((each) => each);
  const [nodeId] = state.nodeIds;
  const isOne = state.nodeIds.size === 1 && state.frameIds.size === 0 && nodeId !== undefined;
  const region = isOne ? null : regionOf(state, catalog);
  if (!isOne && region === null) {
    return <span className={classes.none}>Select a layer or a frame to comment on it.</span>;
  }
  const place = isOne ? (editor.scope.nodes[nodeId]?.name ?? 'the layer') : 'the selected region';
  return (
    <CommentForm
      label="Comment"
      placeholder={`Comment on ${place}…`}
      send={(text) =>
        startThread(
          networkId,
          region === null ? { text, node_id: nodeId ?? '' } : { text, scope, region },
        )
      }
    />
  );
}
