"""The thread beside an attempt that keeps its lease and passes on what people want."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F

from accounts.models import Person
from training.intervals import Intervals
from training.limits import most_run_seconds, out_of_time, run_seconds
from training.models import ACTIVE, Attempt, Desired, Run
from training.supervision.process import TrainerProcess

logger = logging.getLogger(__name__)


class AttemptWatch(threading.Thread):
    """Renews the heartbeat and watches `desired_state` until `stop_watching`.

    Works while the attempt still prepares its data: `process` comes later.

    Args:
        on_wish: Called once for each new wish, with `stop`, `pause` or `kill`.
        is_shutting_down: True once the worker is to end; the run is paused and queued again.

    Attributes:
        is_lost: The lease belongs to somebody else or could not be renewed: write nothing more.
        is_closing: The attempt's end is being written; that it is no longer ours is no news then.
        wish: The newest wish that was passed on.
    """

    def __init__(
        self,
        attempt: Attempt,
        times: Intervals,
        *,
        on_wish: Callable[[str], None],
        is_shutting_down: Callable[[], bool],
    ) -> None:
        super().__init__(name=f"watch-{attempt.run_id}", daemon=True)
        self._run_id = attempt.run_id
        self._number = attempt.number
        self._times = times
        self._on_wish = on_wish
        self._is_shutting_down = is_shutting_down
        self._ended = threading.Event()
        self._begun = self._renewed = self._beat_at = time.monotonic()
        self._asked_at: float | None = None
        self._computed_s: float | None = None
        self._author_id = attempt.run.author_id
        self._process: TrainerProcess | None = None
        self.is_lost = False
        self.is_closing = False
        self.wish: str | None = None

    def run(self) -> None:
        try:
            while not self._ended.wait(self._times.poll_s):
                self._look()
        finally:
            connection.close()

    def attach(self, process: TrainerProcess) -> None:
        """The trainer runs now; a wish that came before is passed on at once."""
        self._process = process
        if self.is_lost or self.wish == Desired.KILL:
            process.kill()
        elif self.wish:
            process.request(self.wish)

    def stop_watching(self) -> None:
        """End the thread; the attempt is over."""
        self._ended.set()
        self.join()

    def _look(self) -> None:
        now = time.monotonic()
        try:
            close_old_connections()
            if now - self._beat_at >= self._times.heartbeat_s:
                self._beat_at = now
                self._beat()
                self._end_in_time(now)
            wanted = Run.objects.values_list("desired_state", flat=True).get(id=self._run_id)
        except (DatabaseError, Run.DoesNotExist) as error:
            logger.warning("Run %s could not be looked at: %s", self._run_id, error)
            wanted = None
        if time.monotonic() - self._renewed > self._times.give_up_s:
            self._lose("the lease could not be renewed")
        if wanted == Desired.RUN and self._is_shutting_down():
            wanted = Desired.PAUSE
        if wanted and wanted != Desired.RUN and wanted != self.wish:
            self._pass_on(wanted)
        is_overdue = self._asked_at is not None and now - self._asked_at > self._times.stop_grace_s
        if is_overdue and self._process is not None:
            self._process.kill()

    def _end_in_time(self, now: float) -> None:
        """Have a run that has computed as long as it may stopped as a person would stop it.

        Counted by a clock that nobody sets; the limit is read anew, so that raising it helps.
        """
        if self._computed_s is None:
            self._computed_s = run_seconds(self._run_id)
        most_s = most_run_seconds(Person.objects.get(pk=self._author_id))
        if self._computed_s + now - self._begun < most_s:
            return
        running = Run.objects.filter(
            id=self._run_id, attempt=self._number, desired_state=Desired.RUN, state__in=ACTIVE
        )
        if running.update(desired_state=Desired.STOP, failure=out_of_time(most_s)):
            logger.info("Run %s has computed as long as it may.", self._run_id)

    def _beat(self) -> None:
        is_ours = Attempt.objects.filter(
            run_id=self._run_id,
            number=self._number,
            ended_at=None,
            run__attempt=self._number,
            run__state__in=ACTIVE,
        ).update(heartbeat=F("heartbeat") + 1)
        if is_ours:
            self._renewed = time.monotonic()
        elif not self.is_closing:
            self._lose("the run belongs to another attempt")

    def _lose(self, reason: str) -> None:
        if not self.is_lost:
            logger.error("Run %s attempt %s: %s.", self._run_id, self._number, reason)
        self.is_lost = True
        if self._process is not None:
            self._process.kill()

    def _pass_on(self, wish: str) -> None:
        self.wish = wish
        if self._asked_at is None:
            self._asked_at = time.monotonic()
        self._on_wish(wish)
        if self._process is None:
            return
        if wish == Desired.KILL:
            self._process.kill()
        else:
            self._process.request(wish)
