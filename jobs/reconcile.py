"""What a crash leaves behind is found and put right: every worker runs this, any number may.

A lease is judged by the reconciler's own monotonic clock: it remembers when it first saw the
present heartbeat of a job, so that clocks that jump or differ between machines do not matter.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection

from jobs.beats import beat
from jobs.models import Job, JobState
from jobs.services import expire, wake

logger = logging.getLogger(__name__)

Chore = Callable[[], object]
_chores: list[Chore] = []


def reconcile_chore(chore: Chore) -> Chore:
    """Let an app have something put right on every round too; it must be idempotent."""
    _chores.append(chore)
    return chore


class Reconciler:
    """Looks at the jobs of one lane (or all) each round.

    Args:
        has_free_slot: Whether this worker could do more; a busy one looks by itself when it is
            done, and waking it each round would only fill the broker.
    """

    def __init__(
        self, lane: str | None = None, has_free_slot: Callable[[], bool] = lambda: True
    ) -> None:
        self.lane = lane
        self.has_free_slot = has_free_slot
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    def round(self) -> None:
        """Expire dead leases, wake workers for what waits, do the apps' chores."""
        self._expire_leases()
        lanes = set(Job.objects.filter(state=JobState.QUEUED).values_list("lane", flat=True))
        if self.lane is not None:
            lanes &= {self.lane}
        if self.has_free_slot():
            for lane in lanes:
                wake(lane)
        for chore in _chores:
            chore()

    def run(self, stopped: threading.Event) -> None:
        """Rounds until stopped; the first one at once."""
        interval_s = settings.ENVIRONMENT.reconcile_s
        while True:
            try:
                self.round()
                if self.lane is not None:
                    beat(settings.DATA_FOLDER, self.lane)
            except DatabaseError as error:
                logger.warning("Could not look for stranded work: %s", error)
            except Exception:
                # A broken chore must not end the thread that notices dead workers.
                logger.exception("Looking for stranded work failed")
            connection.close()
            if stopped.wait(interval_s):
                return

    def _expire_leases(self) -> None:
        now = time.monotonic()
        running = Job.objects.filter(state=JobState.RUNNING)
        if self.lane is not None:
            running = running.filter(lane=self.lane)
        alive: dict[str, tuple[tuple[int, int], float]] = {}
        for job in running:
            sign = (job.attempt, job.beat)
            known = self._seen.get(job.id)
            first_seen = known[1] if known is not None and known[0] == sign else now
            alive[job.id] = (sign, first_seen)
            if now - first_seen > settings.ENVIRONMENT.lease_s:
                expire(job)
        self._seen = alive
