"""Changes of a run's state that are not an attempt's own: ends, interruptions, new turns.

Every function that takes a run expects it locked by the caller's transaction (`fenced` or
`select_for_update`).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from training.intervals import Intervals
from training.models import Attempt, Desired, Run, State, TakenSlot
from training.publishing import publish_run

logger = logging.getLogger(__name__)

QUEUE = "train"
STATE_FIELDS = (
    "state",
    "desired_state",
    "queued_at",
    "finished_at",
    "failure",
    "restarts",
    "device",
)


def close_attempt(run: Run, *, exit_cause: str, exit_code: int | None) -> None:
    """Store the state the caller has set, end the newest attempt, and tell everyone."""
    run.save(update_fields=STATE_FIELDS)
    Attempt.objects.filter(run=run, number=run.attempt, ended_at=None).update(
        ended_at=timezone.now(), exit_cause=exit_cause[:500], exit_code=exit_code
    )
    TakenSlot.objects.filter(attempt__run=run, attempt__number=run.attempt).delete()
    publish_run(run)
    wake_workers()


def finish(run: Run, state: State) -> None:
    """Set a final state."""
    run.state = state
    run.desired_state = Desired.RUN
    run.finished_at = timezone.now()
    if state == State.SUCCEEDED:
        run.failure = None  # it ended by itself before a stop for its time reached it


def fail(run: Run, code: str, message: str, next_step: str, node_id: str | None = None) -> None:
    """Set the failed state with its cause."""
    finish(run, State.FAILED)
    run.failure = {
        "code": code,
        "message": message,
        "node_id": node_id,
        "next_step": next_step,
    }


def requeue(run: Run) -> None:
    """Give a run another turn at the end of its person's queue."""
    give_back(run)
    run.queued_at = timezone.now()


def give_back(run: Run) -> None:
    """Have the next worker go on with a run: it keeps its place, its worker alone has to end."""
    run.state = State.QUEUED
    run.desired_state = Desired.RUN
    run.finished_at = None
    run.failure = None
    run.device = ""


def interrupt(run: Run, cause: str, times: Intervals) -> None:
    """An attempt died: another turn after a pause, or the end when it died too often."""
    if run.desired_state in (Desired.STOP, Desired.KILL):
        finish(run, State.STOPPED)
    elif run.desired_state == Desired.PAUSE:
        finish(run, State.PAUSED)
    elif run.restarts < times.max_restarts:
        run.restarts += 1
        run.state = State.INTERRUPTED
        run.queued_at = timezone.now() + timedelta(seconds=times.restart_delay_s * run.restarts)
    else:
        fail(
            run,
            "crashed",
            f"The run was started {run.restarts + 1} times and died each time: {cause}",
            "Look at the log. When memory ran out, make the batch smaller; then resume the run.",
        )


def wake_workers() -> None:
    """Ask the training workers to look at the queue, after the commit."""
    transaction.on_commit(partial(_send_wake))


def _send_wake() -> None:
    """A lost message is no loss: every worker looks by itself now and then."""
    if not settings.REDIS_URL:
        return
    from training.tasks import work

    try:
        work.apply_async(queue=QUEUE, retry=False)  # pyright: ignore[reportCallIssue] - celery is untyped
    except Exception as error:  # noqa: BLE001 - kombu raises what its transport raises
        logger.warning("Training workers were not woken (%s); they look by themselves.", error)
