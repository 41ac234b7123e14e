import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { asProblem, http, type Item, type LabelsSet } from '@/api';
import { datasetQuery } from '../api';
import { patchItems, type ItemPatch } from './useGalleryItems';

/** What a gesture did, kept to take it back: the server's events and what the tiles showed. */
interface Gesture {
  eventIds: number[];
  before: ReadonlyMap<string, ItemPatch>;
  after: ReadonlyMap<string, ItemPatch>;
}

/** The server takes this many at once, as one transaction: a gesture of fewer is never cut. */
const GESTURE_SIZE = 20_000;
const BATCH_SIZE = 1000;

export function batches<T>(values: readonly T[], size = BATCH_SIZE): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_unused, place) =>
    values.slice(place * size, (place + 1) * size),
  );
}

const patchOf = ({ label, state }: Item): ItemPatch => ({ label, state });

/**
 * Labels many items at once: the tiles change at once, the server follows, in order. A refusal
 * puts the tiles back and says why.
 */
export function useLabeling(datasetId: string, authorName: string) {
  const client = useQueryClient();
  const [undoable, setUndoable] = useState<readonly Gesture[]>([]);
  const [redoable, setRedoable] = useState<readonly Gesture[]>([]);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const guarded = useUnsavedGuard();

  const show = useCallback(
    (patches: ReadonlyMap<string, ItemPatch>) => patchItems(client, datasetId, patches),
    [client, datasetId],
  );

  const inOrder = useCallback(
    (work: () => Promise<void>, onFailure: () => void) => {
      const settle = async () => {
        await work();
        // Counts, bars and histories follow; the tiles already show the change. The next gesture
        // is sent without waiting for them.
        void client.invalidateQueries({ queryKey: datasetQuery(datasetId).queryKey });
        void client.invalidateQueries({ queryKey: ['item'] });
      };
      const sent = queue.current.then(settle).catch((error: unknown) => {
        onFailure();
        const problem = asProblem(error);
        notifications.show({ color: 'red', title: problem.message, message: problem.nextStep });
      });
      queue.current = guarded(sent);
    },
    [client, datasetId, guarded],
  );

  const setClass = useCallback(
    (items: readonly Item[], classId: string | null, isReviewedEmpty = false) => {
      if (items.length === 0) return;
      const after: ItemPatch =
        classId === null
          ? { label: null, state: isReviewedEmpty ? 'reviewed_empty' : 'unlabeled' }
          : {
              label: { class_id: classId, origin: 'human', author: authorName, time: new Date().toISOString() },
              state: 'labeled',
            };
      const before = new Map(items.map((item) => [item.id, patchOf(item)]));
      const patches = new Map(items.map((item) => [item.id, after]));
      show(patches);
      inOrder(
        async () => {
          const eventIds: number[] = [];
          for (const item_ids of batches(items.map((item) => item.id), GESTURE_SIZE)) {
            const answer = await http.post<LabelsSet>(`/api/datasets/${datasetId}/labels`, {
              item_ids,
              class_id: classId,
              ...(isReviewedEmpty ? { state: 'reviewed_empty' } : {}),
            });
            eventIds.push(...answer.event_ids);
          }
          if (eventIds.length === 0) return;
          setUndoable((stack) => [...stack, { eventIds, before, after: patches }]);
          setRedoable([]);
        },
        () => show(before),
      );
    },
    [authorName, datasetId, inOrder, show],
  );

  const takeBack = useCallback(
    (gesture: Gesture, isRedo: boolean) => {
      const patches = isRedo ? gesture.after : gesture.before;
      const pop = (stack: readonly Gesture[]) => stack.filter((each) => each !== gesture);
      (isRedo ? setRedoable : setUndoable)(pop);
      show(patches);
      inOrder(
        async () => {
          const eventIds: number[] = [];
          // The last events first: where a gesture touched an item twice, its first state returns.
          for (const event_ids of batches(gesture.eventIds, GESTURE_SIZE).reverse()) {
            const answer = await http.post<LabelsSet>(`/api/datasets/${datasetId}/labels/undo`, { event_ids });
            eventIds.push(...answer.event_ids);
          }
          if (eventIds.length === 0) return;
          const inverse = { ...gesture, eventIds };
          (isRedo ? setUndoable : setRedoable)((stack) => [...stack, inverse]);
        },
        () => show(isRedo ? gesture.before : gesture.after),
      );
    },
    [datasetId, inOrder, show],
  );

  const lastDone = undoable.at(-1);
  const lastUndone = redoable.at(-1);
  return {
    setClass,
    undo: lastDone ? () => takeBack(lastDone, false) : null,
    redo: lastUndone ? () => takeBack(lastUndone, true) : null,
  };
}

/** Answers what it is given; while any of it is unfinished, leaving the page asks first. */
function useUnsavedGuard() {
  const unfinished = useRef(new Set<Promise<void>>());
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (unfinished.current.size > 0) event.preventDefault();
    };
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, []);
  return useCallback((sent: Promise<void>) => {
    unfinished.current.add(sent);
    return sent.finally(() => unfinished.current.delete(sent));
  }, []);
}
