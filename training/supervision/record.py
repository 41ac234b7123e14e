"""Writing what the trainer says: numbered, committed at most five times a second, then published.

Everything is written behind the fence of the attempt. `StaleAttempt` means that the run has moved
on; whoever gets it ends its trainer and writes nothing more.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from netloom.train import events as ev
from storage.models import Blob
from training.curves import fold_metrics
from training.fencing import fenced
from training.intervals import Intervals
from training.lifecycle import close_attempt
from training.models import Attempt, Run, RunDetail, RunEvent, State
from training.publishing import publish_events, publish_run
from training.supervision.checkpoints import record_checkpoint, store_checkpoint
from training.supervision.coalesce import coalesce, newest_checkpoints
from training.supervision.rewind import rewind
from training.supervision.summary import apply_event

NO_DATABASE = (OperationalError, InterfaceError)
KEPT_EVENTS = 5000
KEPT_LOG_LINES = 200
RUN_MESSAGE_S = 1.0
RUN_FIELDS = (
    "state",
    "last_seq",
    "started_at",
    "step",
    "epoch",
    "best_metric",
    "latest",
    "sparkline",
)
"""What an attempt writes of its run; names, notes and wishes are people's, blocks are curves'."""


class EventRecorder:
    """Collects the events of one attempt and writes them.

    When the database is not to be had (`NO_DATABASE`: locked for long, out of room, restarting)
    nothing is lost or written twice: the next call tries again.

    Attributes:
        ending: The trainer's last word, None while it has not said it.
    """

    def __init__(self, attempt: Attempt, folder: Path, times: Intervals) -> None:
        self._run_id = attempt.run_id
        self._project = attempt.run.project
        self._attempt = attempt.number
        self._folder = folder
        self._times = times
        self._arrived: deque[ev.Event] = deque()
        self._pending: list[ev.Event] = []
        self._log: deque[str] = deque(maxlen=KEPT_LOG_LINES)
        self._log_changed = False
        self._flushed = self._folded = self._told = 0.0
        self._blobs: dict[int, Blob] = {}
        self.ending: ev.Finished | ev.Failed | None = None

    def add(self, events: list[ev.Event]) -> None:
        """Take events in; a checkpoint's bytes go to storage before anything is said of it."""
        self._arrived = deque(newest_checkpoints([*self._arrived, *events]))
        while self._arrived:
            self._take_in(self._arrived[0])
            self._arrived.popleft()

    def _take_in(self, event: ev.Event) -> None:
        if isinstance(event, ev.Checkpoint):
            blob = store_checkpoint(self._project, self._folder, event)
            if blob is None:
                return
            self._blobs[event.step] = blob
        elif isinstance(event, ev.Rewind):
            self.flush()  # what it supersedes must be stored before
        elif isinstance(event, ev.Finished | ev.Failed):
            self.ending = event
        self._pending.append(event)

    def add_log(self, lines: list[str]) -> None:
        """Add lines of the trainer's output to the tail."""
        if lines:
            self._log.extend(lines)
            self._log_changed = True

    @property
    def wait_s(self) -> float:
        """How long the next commit has to wait: what is kept back must not wait for more."""
        if not (self._pending or self._log_changed):
            return self._times.flush_s
        return max(0.0, self._flushed + self._times.flush_s - time.monotonic())

    def flush_if_due(self) -> None:
        """Commit when there is something and the last commit is long enough ago."""
        if (self._pending or self._log_changed) and self.wait_s == 0:
            self.flush()
        if time.monotonic() - self._folded >= self._times.fold_s:
            self.fold()

    def fold(self) -> None:
        """Move committed points into the curves' blocks."""
        self._folded = time.monotonic()
        fold_metrics(self._run_id)

    def flush(self) -> None:
        """Commit and publish what is pending; raises StaleAttempt."""
        self._flushed = time.monotonic()
        self._pending = coalesce(self._pending)
        log = self._log.copy()
        try:
            self._write(self._pending)
        except NO_DATABASE:
            self._log = log
            raise
        for event in self._pending:
            if isinstance(event, ev.Checkpoint):
                self._blobs.pop(event.step, None)
        self._pending = []
        self._log_changed = False

    def _write(self, events: list[ev.Event]) -> None:
        with fenced(self._run_id, self._attempt) as run:
            detail = RunDetail.objects.get(run=run)
            if not self._log:
                self._log.extend(detail.log_tail)
            was = run.state
            numbered = [self._record(run, detail, event) for event in events]
            RunEvent.objects.bulk_create(numbered)
            if events and run.state == State.CLAIMED:
                run.state = State.RUNNING
                run.started_at = run.started_at or timezone.now()
            detail.log_tail = list(self._log)
            run.save(update_fields=RUN_FIELDS)
            detail.save()
            publish_events(run.id, numbered)
            is_told = time.monotonic() - self._told < RUN_MESSAGE_S
            if run.state != was or (events and not is_told):
                self._told = time.monotonic()
                publish_run(run)
            if run.last_seq // 500 != (run.last_seq - len(events)) // 500:
                _prune_events(run)

    def drop_pending(self) -> None:
        """Forget what is not written yet: it belongs to what has just failed."""
        self._arrived.clear()
        self._pending = []

    def end(self, decide: Callable[[Run], None], *, exit_cause: str, exit_code: int | None) -> None:
        """Close the attempt: `decide` sets the run's final state; raises StaleAttempt."""
        self.add([])
        self.flush()
        fold_metrics(self._run_id)
        with fenced(self._run_id, self._attempt) as run:
            decide(run)
            close_attempt(run, exit_cause=exit_cause, exit_code=exit_code)

    def _record(self, run: Run, detail: RunDetail, event: ev.Event) -> RunEvent:
        run.last_seq += 1
        if isinstance(event, ev.Checkpoint):
            record_checkpoint(run, event, self._blobs[event.step])
        elif isinstance(event, ev.Rewind):
            rewind(run, detail, event.to_step)
            attempt = Attempt.objects.filter(run=run, number=self._attempt)
            attempt.update(resumed_from_step=event.to_step)
        elif isinstance(event, ev.Log):
            self._log.append(f"[{event.level}] {event.message}")
        apply_event(run, detail, event)
        return RunEvent(
            run=run, seq=run.last_seq, kind=event.event, event=event.model_dump(mode="json")
        )


def _prune_events(run: Run) -> None:
    """Forget events that nobody will replay; curves and the summary hold what they said."""
    RunEvent.objects.filter(
        run=run, seq__lte=min(run.last_seq - KEPT_EVENTS, run.folded_seq)
    ).delete()
