"""Finding stranded runs: every worker looks every few seconds, and looking twice does no harm."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from training import lifecycle
from training.curves import fold_metrics
from training.devices import local_worker
from training.intervals import intervals
from training.models import Attempt, Run, State
from training.publishing import publish_run
from training.queue import find_fit
from training.tidy import prune_pixels, remove_folders

logger = logging.getLogger(__name__)

PRUNE_EVERY_S = 3600.0


class Reconciler:
    """Judges leases by how long it has itself seen no new heartbeat, never by a wall clock."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, float]] = {}
        self._prune_at = time.monotonic()

    def look(self) -> None:
        """Expire dead attempts, give interrupted runs their turn, wake workers, tidy up."""
        self._expire_leases()
        _requeue_interrupted()
        if has_work():
            lifecycle.wake_workers()
        remove_folders()
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + PRUNE_EVERY_S
            prune_pixels()

    def _expire_leases(self) -> None:
        now = time.monotonic()
        lease_s = intervals().lease_s
        attempts = Attempt.objects.filter(ended_at=None)
        alive: dict[int, tuple[int, float]] = {}
        for attempt in attempts:
            heartbeat, since = self._seen.get(attempt.pk, (attempt.heartbeat, now))
            if heartbeat != attempt.heartbeat:
                since = now
            if now - since > lease_s:
                expire(attempt)
            else:
                alive[attempt.pk] = (attempt.heartbeat, since)
        self._seen = alive


def expire(attempt: Attempt) -> bool:
    """Take the run from an attempt whose heartbeat stands still; False when it moved after all."""
    cause = f"The worker {attempt.worker} ended or lost its connection."
    with transaction.atomic():
        run = Run.objects.select_for_update(no_key=True).get(id=attempt.run_id)
        is_still = Attempt.objects.filter(
            pk=attempt.pk, heartbeat=attempt.heartbeat, ended_at=None
        ).exists()
        if not is_still or run.attempt != attempt.number:
            return False
        logger.warning("Run %s attempt %s: %s", run.id, attempt.number, cause)
        if run.is_active:
            lifecycle.interrupt(run, cause, intervals())
        lifecycle.close_attempt(run, exit_cause=cause, exit_code=None)
    fold_metrics(attempt.run_id)
    return True


def has_work() -> bool:
    """True when a run waits and this machine has slots for it: a message would find work."""
    return find_fit(local_worker()) is not None


def _requeue_interrupted() -> None:
    """A turn further away than any pause lasts was set before the clock went back."""
    times = intervals()
    now = timezone.now()
    longest_pause = timedelta(seconds=times.restart_delay_s * (times.max_restarts + 1))
    is_due = Q(queued_at__lte=now) | Q(queued_at__gt=now + longest_pause)
    for run in Run.objects.filter(is_due, state=State.INTERRUPTED):
        if Run.objects.filter(id=run.id, state=State.INTERRUPTED).update(state=State.QUEUED):
            publish_run(run)
