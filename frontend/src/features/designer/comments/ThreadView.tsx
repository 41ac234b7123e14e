import { ActionIcon, Button, Textarea, Tooltip } from '@mantine/core';
import { IconCheck, IconPencil, IconRotate, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { formatAgo, formatDateTime } from '@/lib';
import {
  changeComment,
  deleteComment,
  replyTo,
  type Comment,
  type Thread,
} from '../state/commentsApi';
import { DESIGNER_IDS } from '../testids';
import { CommentForm } from './CommentForm';
import classes from './Comments.module.css';
import { placeText, useCommentAction, useThreads } from './useThreads';

interface ThreadViewProps {
  thread: Thread;
  /** Leads to where it is; absent where that is plain to see. */
  onShow?: () => void;
}

/** A remark and its answers, with a line to answer in. Text is shown as it was typed. */
export function ThreadView({ thread, onShow }: ThreadViewProps) {
  const { canComment } = useThreads();
  const resolve = useCommentAction((isResolved: boolean) =>
    changeComment(thread.id, { is_resolved: isResolved }),
  );
  const label = thread.is_resolved ? 'Open again' : 'Resolve';
  return (
    <article
      className={classes.thread}
      data-resolved={thread.is_resolved || undefined}
      data-testid={DESIGNER_IDS.thread}
    >
      <header>
        <span className={classes.place}>
          On{' '}
          {onShow === undefined || thread.is_orphan ? (
            <b>{placeText(thread)}</b>
          ) : (
            <button type="button" onClick={onShow}>
              {placeText(thread)}
            </button>
          )}
          {thread.is_resolved && <i> resolved by {thread.resolved_by ?? 'somebody'}</i>}
        </span>
        {thread.can_resolve && (
          <Tooltip label={label}>
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={label}
              loading={resolve.isPending}
              onClick={() => resolve.mutate(!thread.is_resolved)}
            >
              {thread.is_resolved ? <IconRotate size={15} /> : <IconCheck size={15} />}
            </ActionIcon>
          </Tooltip>
        )}
      </header>
      {thread.comments.map((comment) => (
        <Remark key={comment.id} comment={comment} />
      ))}
      {canComment && !thread.is_resolved && (
        <CommentForm label="Answer" send={(text) => replyTo(thread.id, text)} />
      )}
    </article>
  );
}

function Remark({ comment }: { comment: Comment }) {
  const [draft, setDraft] = useState<string | null>(null);
  const remove = useCommentAction(() => deleteComment(comment.id));
  const edit = useCommentAction(
    (text: string) => changeComment(comment.id, { text }),
    () => setDraft(null),
  );
  if (comment.is_deleted) return <p className={classes.gone}>A comment was deleted here.</p>;
  return (
    <div className={classes.remark}>
      <div className={classes.by}>
        <b>{comment.author ?? 'Somebody who left'}</b>
        <span title={formatDateTime(comment.created_at)}>
          {formatAgo(comment.created_at)}
          {comment.edited_at !== null && ', edited'}
        </span>
        <span className={classes.space} />
        {comment.can_edit && (
          <ActionIcon size="xs" variant="subtle" color="gray" aria-label="Edit this comment" onClick={() => setDraft(comment.text)}>
            <IconPencil size={13} />
          </ActionIcon>
        )}
        {comment.can_delete && (
          <ActionIcon size="xs" variant="subtle" color="gray" aria-label="Delete this comment" onClick={() => remove.mutate(undefined)}>
            <IconTrash size={13} />
          </ActionIcon>
        )}
      </div>
      {draft === null ? (
        <p className={classes.words}>{comment.text}</p>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (draft.trim() !== '') edit.mutate(draft.trim());
          }}
        >
          <Textarea
            autosize
            size="xs"
            value={draft}
            maxLength={4000}
            aria-label="Comment"
            onChange={(event) => setDraft(event.currentTarget.value)}
          />
          <Button type="submit" size="compact-xs" loading={edit.isPending}>
            Save
          </Button>{' '}
          <Button size="compact-xs" variant="default" onClick={() => setDraft(null)}>
            Cancel
          </Button>
        </form>
      )}
    </div>
  );
}
