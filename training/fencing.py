"""The one door through which an attempt writes about its run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from training.models import ACTIVE, Run


class StaleAttempt(Exception):
    """The run has ended or belongs to a newer attempt; nothing was written."""


@contextmanager
def fenced(run_id: str, attempt: int) -> Iterator[Run]:
    """Lock the run for one transaction as this attempt; raises StaleAttempt when it is not its own.

    On SQLite the transaction itself (IMMEDIATE) is the lock, on PostgreSQL the row is.
    """
    with transaction.atomic():
        run = (
            Run.objects.select_for_update(no_key=True)
            .filter(id=run_id, attempt=attempt, state__in=ACTIVE)
            .first()
        )
        if run is None:
            raise StaleAttempt(f"attempt {attempt} of run {run_id} is no longer the run's own")
        yield run
