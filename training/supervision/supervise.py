"""One attempt from claim to end: prepare, start the trainer, record what it says, close."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable

from django.db import close_old_connections

from common.errors import Problem, as_problem
from netloom.train import events as ev
from training import lifecycle
from training.fencing import StaleAttempt
from training.intervals import Intervals, intervals
from training.models import Attempt, Run
from training.supervision.outcome import Outcome
from training.supervision.prepare import Prepared, attempt_folder, prepare, remove_folder
from training.supervision.process import TrainerProcess
from training.supervision.record import NO_DATABASE, EventRecorder
from training.supervision.watch import AttemptWatch

logger = logging.getLogger(__name__)

EXIT_WAIT_S = 10.0
WISHES = {
    "stop": "Asked to stop: finishing the step and saving a checkpoint.",
    "pause": "Asked to pause: finishing the step and saving a checkpoint.",
    "kill": "Asked to end at once.",
}


class Supervisor:
    """Supervises one attempt in the calling thread.

    Args:
        num_threads: Torch threads of the attempt's slot.
        is_shutting_down: True once the worker is to end.
    """

    def __init__(
        self, attempt: Attempt, num_threads: int, is_shutting_down: Callable[[], bool]
    ) -> None:
        self._attempt = attempt
        self._num_threads = num_threads
        self._is_shutting_down = is_shutting_down
        self._times: Intervals = intervals()
        self._said: queue.SimpleQueue[ev.Event] = queue.SimpleQueue()
        output = attempt_folder(attempt.run_id, attempt.number) / "output"
        self._recorder = EventRecorder(attempt, output, self._times)
        self._watch = AttemptWatch(
            attempt,
            self._times,
            on_wish=lambda wish: self._say(WISHES[wish]),
            is_shutting_down=is_shutting_down,
        )

    def supervise(self) -> None:
        """Execute the attempt and leave the run in its next state."""
        self._watch.start()
        try:
            self._execute()
        except StaleAttempt as stale:
            logger.warning("%s; its trainer was ended.", stale)
        except NO_DATABASE as error:
            # No fault of the run's, and nobody to tell: its lease runs out, and it goes on from
            # its last checkpoint.
            logger.error("Run %s could not be written: %s", self._attempt.run_id, error)
        except Exception as error:  # noqa: BLE001 - the run fails with what happened
            self._fail(as_problem(error))
        finally:
            self._watch.stop_watching()
            remove_folder(self._attempt.run_id, self._attempt.number)

    def _execute(self) -> None:
        prepared = prepare(self._attempt, self._num_threads)
        self._open(prepared)
        if self._watch.wish is not None:
            self._close(self._outcome(None, ""))
            return
        process = TrainerProcess(
            prepared.spec_path,
            num_threads=prepared.num_threads,
            device=self._attempt.device,
        )
        try:
            self._watch.attach(process)
            self._listen(process)
            exit_code = process.wait(EXIT_WAIT_S)
        finally:
            process.close()
        self._recorder.add_log(process.take_log())
        self._close(self._outcome(exit_code, process.last_line))

    def _outcome(self, exit_code: int | None, last_line: str) -> Outcome:
        return Outcome(
            self._recorder.ending,
            exit_code,
            last_line,
            is_worker_ending=self._is_shutting_down(),
            is_as_asked=self._watch.wish is not None,
        )

    def _open(self, prepared: Prepared) -> None:
        """A further attempt first says from where it goes on."""
        if self._attempt.number > 1:
            step = prepared.resume_step or 0
            self._recorder.add([ev.Rewind(time_s=time.time(), to_step=step)])
        for warning in prepared.warnings:
            self._recorder.add([ev.Log(time_s=time.time(), level="warning", message=warning)])
        self._recorder.flush()

    def _listen(self, process: TrainerProcess) -> None:
        """Record until the trainer's pipe ends."""
        while not self._watch.is_lost:
            events = process.read_events(self._recorder.wait_s)
            if events is None:
                return
            while not self._said.empty():
                events.append(self._said.get())
            self._record(events, process.take_log())
            if not events and process.has_exited():
                return
        raise StaleAttempt(f"attempt {self._attempt.number} of run {self._attempt.run_id} is lost")

    def _record(self, events: list[ev.Event], lines: list[str]) -> None:
        """Write, or keep it for the next time: a lost lease, not a busy database, ends a run."""
        self._recorder.add_log(lines)
        try:
            self._recorder.add(events)
            self._recorder.flush_if_due()
        except NO_DATABASE as error:
            logger.warning("Run %s waits for the database: %s", self._attempt.run_id, error)
            close_old_connections()

    def _close(self, outcome: Outcome) -> None:
        while not self._said.empty():
            self._recorder.add([self._said.get()])

        def decide(run: Run) -> None:
            outcome.apply(run, self._times)

        self._watch.is_closing = True
        self._recorder.end(decide, exit_cause=outcome.cause, exit_code=outcome.exit_code)

    def _fail(self, problem: Problem) -> None:
        """Preparing or storing failed: end the run with the problem's words."""

        def decide(run: Run) -> None:
            lifecycle.fail(run, problem.code.value, problem.detail, problem.next_step)

        self._watch.is_closing = True
        try:
            self._recorder.drop_pending()
            self._recorder.end(decide, exit_cause=problem.detail, exit_code=None)
        except StaleAttempt as stale:
            logger.warning("%s; it had failed with: %s", stale, problem.detail)

    def _say(self, message: str) -> None:
        self._said.put(ev.Log(time_s=time.time(), level="info", message=message))
