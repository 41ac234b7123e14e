import { createStore, type StoreApi } from 'zustand';
import type { Run, RunEvents, RunMetrics, RunSummary } from '@/api';
import { curvesOf, rewound, withPoints, type Curves } from './curves';
import { applyEvent, withSummary } from './runState';

type NumberedEvent = RunEvents['events'][number];

export interface RunLive {
  run: Run;
  curves: Curves;
  /** Sequence numbers up to which run and curves are complete; an event counts once for each. */
  runSeq: number;
  curvesSeq: number;
}

export interface RunStore extends RunLive {
  loadRun: (run: Run) => void;
  loadMetrics: (metrics: RunMetrics) => void;
  summarize: (summary: RunSummary) => void;
  apply: (events: readonly NumberedEvent[]) => void;
}

/** Folds events into what the page shows. Pure: the same events give the same page. */
export function fold(state: RunLive, events: readonly NumberedEvent[]): RunLive {
  let { run, curves, runSeq, curvesSeq } = state;
  for (const { seq, event } of events) {
    if (seq > runSeq) {
      run = applyEvent(run, event);
      runSeq = seq;
    }
    if (seq > curvesSeq) {
      if (event.event === 'metrics') curves = withPoints(curves, event.points);
      else if (event.event === 'rewind') curves = rewound(curves, event.to_step);
      curvesSeq = seq;
    }
  }
  return { run, curves, runSeq, curvesSeq };
}

export function createRunStore(run: Run, metrics: RunMetrics): StoreApi<RunStore> {
  return createStore<RunStore>()((set) => ({
    run,
    curves: curvesOf(metrics.series),
    runSeq: run.last_event,
    curvesSeq: metrics.last_event,
    loadRun: (fresh) =>
      set((state) => (fresh.last_event < state.runSeq ? state : { run: fresh, runSeq: fresh.last_event })),
    loadMetrics: (fresh) =>
      set((state) =>
        fresh.last_event < state.curvesSeq
          ? state
          : { curves: curvesOf(fresh.series), curvesSeq: fresh.last_event },
      ),
    summarize: (summary) => set((state) => ({ run: withSummary(state.run, summary) })),
    apply: (events) => set((state) => fold(state, events)),
  }));
}
