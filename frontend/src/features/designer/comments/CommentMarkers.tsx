import { Popover } from '@mantine/core';
import { IconMessage } from '@tabler/icons-react';
import { ViewportPortal } from '@xyflow/react';
import { useState } from 'react';
import type { Rect } from '../canvas/geometry';
import type { Position } from '../document/types';
import type { PlacedScope } from '../canvas/stage';
import type { Thread } from '../state/commentsApi';
import { DESIGNER_IDS } from '../testids';
import classes from './Comments.module.css';
import { rectOf } from './region';
import { ThreadView } from './ThreadView';
import { useThreads } from './useThreads';

interface Marked {
  readonly key: string;
  readonly name: string;
  readonly at: Position;
  readonly threads: readonly Thread[];
}

/** A bubble on each layer and region that is talked about, with the number of remarks. */
export function CommentMarkers({ placed }: { placed: PlacedScope }) {
  const { threads } = useThreads();
  const { scopeId } = placed;
  const open = threads.filter((thread) => !thread.is_resolved && thread.scope === scopeId);
  if (open.length === 0) return null;
  return (
    <ViewportPortal>
      {open.map(({ id, region }) =>
        region === null ? null : <Area key={id} rect={placed.toDrawn(rectOf(region))} />,
      )}
      {placesOf(open, placed).map((marked) => (
        <Marker key={marked.key} marked={marked} />
      ))}
    </ViewportPortal>
  );
}

function Area({ rect: { x, y, width, height } }: { rect: Rect }) {
  const style = { transform: `translate(${x}px, ${y}px)`, width, height };
  return <div className={classes.region} style={style} />;
}

function placesOf(threads: readonly Thread[], { scene, toDrawn }: PlacedScope): Marked[] {
  const marked = new Map<string, Marked>();
  for (const thread of threads) {
    const { node_id: nodeId, region } = thread;
    const card = nodeId === null ? undefined : scene.cards.get(nodeId);
    const at = card ?? (region === null ? null : toDrawn(rectOf(region)));
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
