import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { DESIGNER_IDS } from '../testids';
import classes from './Comments.module.css';
import { useCommentAction } from './useThreads';

interface CommentFormProps {
  label: string;
  placeholder?: string;
  send: (text: string) => Promise<unknown>;
}

/** A line to write in; it grows. Ctrl Enter sends. */
export function CommentForm({ label, placeholder = `${label}…`, send }: CommentFormProps) {
  const [text, setText] = useState('');
  const action = useCommentAction(send, () => setText(''));
  const submit = (): void => {
    if (text.trim() !== '') action.mutate(text.trim());
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Textarea
        autosize
        minRows={1}
        maxRows={8}
        size="xs"
        value={text}
        maxLength={4000}
        placeholder={placeholder}
        aria-label={label}
        data-testid={DESIGNER_IDS.commentText}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            event.stopPropagation();
            submit();
          }
        }}
      />
      <Button
        type="submit"
        size="xs"
        variant="default"
        disabled={text.trim() === ''}
        loading={action.isPending}
        data-testid={DESIGNER_IDS.commentSend}
      >
        {label}
      </Button>
    </form>
  );
}
