import type { Run, RunEvent, RunSummary } from '@/api';

const LOG_LINES = 400;

/** The run after an event; what the event does not touch stays the same object. */
export function applyEvent(run: Run, event: RunEvent): Run {
  switch (event.event) {
    case 'started':
      return { ...run, started: event, phase: null };
    case 'phase':
      return { ...run, phase: event };
    case 'progress':
      return { ...run, progress: event, epochs_done: event.epoch };
    case 'metrics':
      return { ...run, latest: withLatest(run.latest, event.points) };
    case 'samples':
      return { ...run, samples: event };
    case 'epoch_end':
      return {
        ...run,
        confusion: event.confusion_KK,
        per_class: run.classes.map((name, index) => ({
          name,
          recall: event.recall_K[index] ?? null,
          support: (event.confusion_KK[index] ?? []).reduce((sum, count) => sum + count, 0),
        })),
      };
    case 'log':
      return { ...run, log_tail: [...run.log_tail, logLine(event)].slice(-LOG_LINES) };
    case 'unfrozen':
      // A run that goes on exactly where a group was thawed says so again.
      return { ...run, unfrozen: [...run.unfrozen.filter(({ epoch }) => epoch !== event.epoch), event] };
    case 'rewind':
      return { ...run, unfrozen: run.unfrozen.filter(({ step }) => step <= event.to_step) };
    case 'checkpoint':
    case 'finished':
    case 'failed':
      // What these change (attempts, checkpoint ids, state) comes with the state message.
      return run;
  }
}

type PointValues = Extract<RunEvent, { event: 'metrics' }>['points'];

function withLatest(latest: Run['latest'], points: PointValues): Run['latest'] {
  const next = { ...latest };
  for (const { split, values } of points) {
    const { loss, accuracy } = values;
    if (split === 'train') {
      if (loss !== undefined) next.loss = loss;
      if (accuracy !== undefined) next.accuracy = accuracy;
    } else {
      if (loss !== undefined) next.val_loss = loss;
      if (accuracy !== undefined) next.val_accuracy = accuracy;
    }
  }
  return next;
}

function logLine({ level, message }: Extract<RunEvent, { event: 'log' }>): string {
  return `[${level}] ${message}`;
}

/** Takes over what a row of the run list says; the page's own details stay. */
export function withSummary(run: Run, summary: RunSummary): Run {
  return { ...run, ...summary };
}

/** Events after which the run must be read again from the API. */
export function changesRecord(event: RunEvent): boolean {
  return event.event === 'checkpoint' || event.event === 'finished' || event.event === 'failed';
}
