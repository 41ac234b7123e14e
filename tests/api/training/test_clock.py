"""The wall clock jumps: a computer wakes up, an operator corrects the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from training.models import Run, State
from training.queue import Worker, claim_next
from training.reconcile import Reconciler, expire

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

THIS = Worker(host="here", name="w", slots={"cpu": 1})


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the clock that everybody reads the time of day from."""
    real = timezone.now
    moved = [timedelta()]
    monkeypatch.setattr(timezone, "now", lambda: real() + moved[0])

    def move(by: timedelta) -> None:
        moved[0] += by

    return move


@pytest.mark.parametrize("by", [timedelta(days=-1), timedelta(days=1)])
def test_a_living_attempt_keeps_its_lease(
    make_run: Callable[..., Run], jump: Callable[[timedelta], None], by: timedelta
) -> None:
    run = make_run()
    assert claim_next(THIS) is not None
    reconciler = Reconciler()
    reconciler.look()
    jump(by)
    reconciler.look()
    run.refresh_from_db()
    assert run.state == State.CLAIMED


@pytest.mark.parametrize("by", [timedelta(days=-1), timedelta(days=1)])
def test_a_run_that_waits_for_its_next_turn_gets_it(
    make_run: Callable[..., Run],
    jump: Callable[[timedelta], None],
    by: timedelta,
    settings: Any,
) -> None:
    """It was to wait seconds; after the clock went back a day it must not wait a day."""
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"reconcile_s": 10.0})
    run = make_run()
    attempt = claim_next(THIS)
    assert attempt is not None
    assert expire(attempt)
    reconciler = Reconciler()
    reconciler.look()
    run.refresh_from_db()
    assert run.state == State.INTERRUPTED, "a pause before the next attempt"
    jump(by)
    reconciler.look()
    run.refresh_from_db()
    assert run.state == State.QUEUED
    assert claim_next(THIS) is not None
