import type { FocusEvent, MouseEvent } from 'react';

type Field = HTMLInputElement;

const entering = new WeakSet<Field>();

/**
 * Handlers that select what stands in a field that is entered, so that typing replaces it. A press
 * of the mouse puts the caret in after the focus came, so the selection is made when it is let go.
 */
export const selectOnEntry = {
  onFocus: ({ currentTarget: field }: FocusEvent<Field>): void => field.select(),
  onMouseDown: ({ currentTarget: field }: MouseEvent<Field>): void => {
    if (document.activeElement !== field) entering.add(field);
  },
  onMouseUp: ({ currentTarget: field }: MouseEvent<Field>): void => {
    if (entering.delete(field) && field.selectionStart === field.selectionEnd) field.select();
  },
};
