"""From how a trainer ended to the state of its run."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from netloom.train import events as ev
from training import lifecycle
from training.intervals import Intervals
from training.models import Desired, Run, State

NEXT_STEPS = {
    "out_of_memory": "Make the batch smaller or choose another device, then start again.",
    "disk_full": "Delete what is no longer needed, or have the operator make room; then resume.",
    "non_finite_loss": "Lower the learning rate, add warm-up or use float32, then start again.",
    "bad_data": "Look at the items named above, correct or remove them, then start again.",
    "bad_spec": "Correct the network or the configuration, then start a new run.",
    "error": "The log has the details. Correct the cause, then resume the run.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        ending: The trainer's last word, if it had one.
        exit_code: Its exit status; negative is a signal.
        last_line: The newest line of its output, for the cause.
        is_worker_ending: The worker shuts down and paused the run by itself.
        is_as_asked: Somebody wanted the end: a signal then needs no explanation.
    """

    ending: ev.Finished | ev.Failed | None
    exit_code: int | None
    last_line: str = ""
    is_worker_ending: bool = False
    is_as_asked: bool = False

    @property
    def cause(self) -> str:
        """One sentence for the attempt's record."""
        if isinstance(self.ending, ev.Failed):
            return self.ending.message
        if isinstance(self.ending, ev.Finished):
            return self.ending.reason
        if self.is_as_asked:
            return "Ended as asked, without a further checkpoint."
        if self.exit_code is not None and self.exit_code < 0:
            name = signal.Signals(-self.exit_code).name
            hint = (
                " (memory may have run out, or somebody ended the process)"
                if self.exit_code == -signal.SIGKILL
                else ""
            )
            return f"The training process was ended by {name}{hint}."
        last = f" Its last words: {self.last_line}" if self.last_line else ""
        return f"The training process ended with status {self.exit_code}.{last}"

    def apply(self, run: Run, times: Intervals) -> None:
        """Set the run's state; the caller saves it."""
        match self.ending:
            case ev.Failed() as failed:
                lifecycle.fail(
                    run, failed.code, failed.message, NEXT_STEPS[failed.code], failed.node
                )
            case ev.Finished(reason="stopped" | "paused"):
                self._apply_end_before_time(run, times)
            case ev.Finished():
                lifecycle.finish(run, State.SUCCEEDED)
            case None:
                self._apply_end_before_time(run, times)

    def _apply_end_before_time(self, run: Run, times: Intervals) -> None:
        """What people wanted decides, not the signal that arrived: anybody can send one."""
        if run.desired_state == Desired.RUN and self.is_worker_ending:
            lifecycle.give_back(run)
        else:
            lifecycle.interrupt(run, self.cause, times)
