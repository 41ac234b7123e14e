import { Popover } from '@mantine/core';
import { IconMessage } from '@tabler/icons-react';
import { ViewportPortal } from '@xyflow/react';
import { useState } from 'react';
import type { Position } from '../document/types';
import type { Scene } from '../canvas/scene';
import type { Thread } from '../state/commentsApi';
import { useScopeId } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Comments.module.css';
import { ThreadView } from './ThreadView';
import { useThreads } from './useThreads';

interface Marked {
  readonly key: string;
  readonly name: string;
  readonly at: Position;
  readonly threads: readonly Thread[];
}

/** A bubble on each layer and region that is talked about, with the number of remarks. */
export function CommentMarkers({ scene }: { scene: Scene }) {
  const { threads } = useThreads();
  const scopeId = useScopeId();
  const open = threads.filter((thread) => !thread.is_resolved && thread.scope === scopeId);
  if (open.length === 0) return null;
  return (
    <ViewportPortal>
      {open.map(({ id, region }) =>
        region === null ? null : (
          <div
            key={id}
            className={classes.region}
            style={{
              transform: `translate(${region.x}px, ${region.y}px)`,
              width: region.width_px,
              height: region.height_px,
            }}
          />
        ),
      )}
      {placesOf(open, scene).map((marked) => (
        <Marker key={marked.key} marked={marked} />
      ))}
    </ViewportPortal>
  );
}

function placesOf(threads: readonly Thread[], scene: Scene): Marked[] {
  const marked = new Map<string, Marked>();
  for (const thread of threads) {
    const { node_id: nodeId, region } = thread;
    const card = nodeId === null ? undefined : scene.cards.get(nodeId);
    const at = card ? { x: card.x, y: card.y } : region;
    if (at === null) continue;
    const key = nodeId ?? thread.id;
    const found = marked.get(key)?.threads ?? [];
    const name = card?.node.name ?? 'region';
    marked.set(key, { key, name, at, threads: [...found, thread] });
  }
  return [...marked.values()];
}

function Marker({ marked: { name, at, threads } }: { marked: Marked }) {
  const [isOpen, setOpen] = useState(false);
  const count = threads.reduce(
    (sum, { comments }) => sum + comments.filter((each) => !each.is_deleted).length,
    0,
  );
  return (
    <div
      className={`nodrag nopan nowheel ${classes.anchor ?? ''}`}
      style={{ transform: `translate(${at.x}px, ${at.y}px)` }}
      onPointerDown={(event) => event.stopPropagation()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <Popover opened={isOpen} onChange={setOpen} position="right-start" width={340} trapFocus>
        <Popover.Target>
          <button
            type="button"
            className={classes.marker}
            aria-label={`${count} ${count === 1 ? 'comment' : 'comments'} on ${name}`}
            data-testid={DESIGNER_IDS.commentMarker(name)}
            onClick={() => setOpen(!isOpen)}
          >
            <IconMessage size={13} stroke={2} aria-hidden />
            {count}
          </button>
        </Popover.Target>
        <Popover.Dropdown className={classes.popover}>
          {threads.map((thread) => (
            <ThreadView key={thread.id} thread={thread} />
          ))}
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}
