import type { LabelClass } from '@/api';
import { classOfKey, isClearKey } from './classKeys';

interface Keystroke {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export type LabelingAction = { kind: 'undo' } | { kind: 'redo' } | { kind: 'set'; classId: string | null };

/** What a key means while labeling, in the gallery and in the viewer alike; `null` means nothing. */
export function labelingAction(
  { key, ctrlKey, metaKey, altKey, shiftKey }: Keystroke,
  classList: readonly LabelClass[],
  canLabel: boolean,
): LabelingAction | null {
  if (!canLabel) return null;
  const isCommand = ctrlKey || metaKey;
  if (isCommand && key.toLowerCase() === 'z') return { kind: shiftKey ? 'redo' : 'undo' };
  if (isCommand && key.toLowerCase() === 'y') return { kind: 'redo' };
  if (isCommand || altKey || shiftKey) return null;
  if (isClearKey(key)) return { kind: 'set', classId: null };
  const order = classOfKey(key);
  const labelClass = order === null ? undefined : classList[order];
  return labelClass ? { kind: 'set', classId: labelClass.id } : null;
}
