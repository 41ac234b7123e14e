import { useQueryClient } from '@tanstack/react-query';
import type { Run, RunEvents, RunSummary } from '@/api';
import { useTopic } from '@/lib';
import { checkpointsQuery, runQuery } from '../api';
import { changesRecord } from './runState';

type NumberedEvent = RunEvents['events'][number];

/** Keeps what the studio has on record of a run current: its state and its checkpoints. */
export function useRunRecord(run: Run | null): void {
  const client = useQueryClient();
  const readAgain = (): void => {
    if (run === null) return;
    void client.invalidateQueries({ queryKey: runQuery(run.id).queryKey });
    void client.invalidateQueries({ queryKey: checkpointsQuery(run.id).queryKey });
  };
  useTopic(run === null ? null : `run:${run.id}`, {
    since: run?.last_event ?? 0,
    onMessage: (message) => {
      if (message.type === 'event') {
        if (changesRecord(message['event'] as NumberedEvent['event'])) readAgain();
      } else if (message.type === 'state') {
        if ((message['run'] as RunSummary).state !== run?.state) readAgain();
      }
    },
    onGap: readAgain,
  });
}
