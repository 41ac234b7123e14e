"""When a waiting run will likely start, and how long a run would take."""

from __future__ import annotations

import heapq

from django.conf import settings
from django.utils import timezone

from training.models import ACTIVE, Run, State


def estimated_starts(order: list[Run]) -> dict[str, float | None]:
    """Seconds until each run of the queue starts; None behind a run of unknown length.

    All slots count as one pool, which is exact on a machine with one kind of device.
    """
    active = Run.objects.filter(state__in=ACTIVE).select_related("detail")
    free_at: list[float | None] = [_remaining_s(run) for run in active]
    free_at += [0.0] * max(0, settings.ENVIRONMENT.train_slots - len(free_at))
    known = [seconds for seconds in free_at if seconds is not None]
    heapq.heapify(known)
    starts: dict[str, float | None] = {}
    for run in order:
        if not known:
            starts[run.id] = None
            continue
        start_s = heapq.heappop(known)
        starts[run.id] = start_s
        duration_s = usual_duration_s(run)
        if duration_s is not None:
            heapq.heappush(known, start_s + duration_s)
    return starts


def usual_duration_s(run: Run) -> float | None:
    """What the last finished run of the same network took, scaled to this one's epochs."""
    last = (
        Run.objects.filter(
            network_id=run.network_id, state=State.SUCCEEDED, epoch__gt=0, started_at__isnull=False
        )
        .order_by("-finished_at")
        .first()
    )
    if last is None or last.started_at is None:
        return None
    seconds = ((last.finished_at or timezone.now()) - last.started_at).total_seconds()
    return seconds / last.epoch * run.config["epochs"]


def _remaining_s(run: Run) -> float | None:
    progress = run.detail.progress
    return progress.get("remaining_s") if progress else usual_duration_s(run)
