import type { ItemEvent } from '@/api';

/** One line of an item's history in words. */
export function historyLine(event: ItemEvent, nameOf: (classId: string | null) => string | undefined): string {
  switch (event.kind) {
    case 'added':
      return event.class_id === null ? 'Brought in' : `Brought in as ${nameOf(event.class_id) ?? 'a deleted class'}`;
    case 'label':
      if (event.state === 'reviewed_empty') return 'Reviewed: none of the classes';
      return event.class_id === null ? 'Label taken away' : `Labeled ${nameOf(event.class_id) ?? 'a deleted class'}`;
    case 'split':
      return `Put into ${event.split}`;
    case 'removed':
      return 'Removed';
    case 'restored':
      return 'Put back';
  }
}
