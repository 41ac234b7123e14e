import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import { http, type Run, type RunEvents, type RunMetrics, type RunSummary } from '@/api';
import { useTopic, type TopicMessage } from '@/lib';
import { metricsQuery, runQuery } from '../api';
import { changesRecord } from './runState';
import { createRunStore, type RunStore } from './runStore';

type NumberedEvent = RunEvents['events'][number];

/** What the page shows of a run, kept current: read from the API, then followed by the socket. */
export function useRunLive(run: Run, metrics: RunMetrics): RunStore {
  // The store is made once for a run; later answers of the API are folded in below.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const store = useMemo(() => createRunStore(run, metrics), [run.id]);
  useEffect(() => store.getState().loadRun(run), [store, run]);
  useEffect(() => store.getState().loadMetrics(metrics), [store, metrics]);

  const { reload, fillGap } = useRefill(run.id, store);
  const take = useFrameBatch(useCallback((events: readonly NumberedEvent[]) => store.getState().apply(events), [store]));

  useTopic(`run:${run.id}`, {
    since: Math.min(run.last_event, metrics.last_event),
    onMessage: (message) => {
      if (message.type === 'event' && message.seq !== undefined) {
        const event = message['event'] as NumberedEvent['event'];
        take({ seq: message.seq, event });
        if (changesRecord(event)) reload();
      } else if (message.type === 'state') {
        const summary = message['run'] as RunSummary;
        const before = store.getState().run;
        store.getState().summarize(summary);
        if (before.state !== summary.state) reload();
      } else if (message.type === 'subscribed' && isBehind(message)) fillGap();
    },
    onGap: fillGap,
  });
  return useStore(store);
}

/** The replay stopped short of what the database holds: too much happened meanwhile. */
function isBehind(message: TopicMessage): boolean {
  const snapshot = message['snapshot'] as { last_event?: number } | null;
  return snapshot?.last_event !== undefined && Number(message['last']) < snapshot.last_event;
}

function useRefill(runId: string, store: ReturnType<typeof createRunStore>) {
  const client = useQueryClient();
  const reload = useCallback(
    () => void client.invalidateQueries({ queryKey: runQuery(runId).queryKey }),
    [client, runId],
  );
  const fillGap = useCallback(() => {
    const refill = async () => {
      const since = store.getState().curvesSeq;
      const answer = await http.get<RunEvents>(`/api/runs/${runId}/events`, { since, limit: 2000 });
      if (answer.has_more || since + 1 < answer.first_event) {
        await client.invalidateQueries({ queryKey: metricsQuery(runId).queryKey });
      } else store.getState().apply(answer.events);
      reload();
    };
    // While the server is away the next gap tries again; the frame says that it polls.
    refill().catch(() => undefined);
  }, [client, reload, runId, store]);
  return { reload, fillGap };
}

/** Collects what arrives within one frame, so that a burst of events paints once. */
function useFrameBatch(apply: (events: readonly NumberedEvent[]) => void): (event: NumberedEvent) => void {
  const pending = useRef<NumberedEvent[]>([]);
  const frame = useRef<number | null>(null);
  useEffect(
    () => () => {
      if (frame.current !== null) cancelAnimationFrame(frame.current);
      frame.current = null;
    },
    [],
  );
  return useCallback(
    (event) => {
      pending.current.push(event);
      frame.current ??= requestAnimationFrame(() => {
        frame.current = null;
        const events = pending.current;
        pending.current = [];
        apply(events);
      });
    },
    [apply],
  );
}

export function useRunQueries(runId: string) {
  const run = useQuery(runQuery(runId));
  const metrics = useQuery(metricsQuery(runId));
  return { run: run.data, metrics: metrics.data, error: run.error ?? metrics.error, refetch: run.refetch };
}
