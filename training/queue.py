"""Who goes next: the order of waiting runs, and claims that only one worker can win.

People take turns: a person's next run stands behind everyone who has fewer runs under way and,
among equals, behind whoever was served longer ago. One person's own runs go by age.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from training.models import ACTIVE, Attempt, Desired, Run, State


@dataclass(frozen=True, slots=True)
class Worker:
    """Where runs can execute.

    Attributes:
        host: Machine whose devices these are.
        name: Shown with the attempt.
        slots: Runs at a time by device, e.g. {"cpu": 2, "cuda:0": 1}.
    """

    host: str
    name: str
    slots: Mapping[str, int]


def devices_for(wanted: str, available: Iterable[str]) -> list[str]:
    """Devices a run may take, best first: `auto` prefers a GPU, `cuda` takes any of them."""
    devices = sorted(available)
    gpus = [device for device in devices if device.startswith("cuda")]
    if wanted == "auto":
        return gpus or [device for device in devices if device == "cpu"]
    if wanted == "cuda":
        return gpus
    return [device for device in devices if device == wanted]


def queue_order() -> list[Run]:
    """Queued runs in the order in which they will start."""
    waiting: dict[str, list[Run]] = defaultdict(list)
    queued = Run.objects.filter(state=State.QUEUED, deleted_at=None)
    for run in queued.order_by("queued_at", "id"):
        waiting[run.author_id].append(run)
    num_active: dict[str, int] = defaultdict(int)
    for author_id in Run.objects.filter(state__in=ACTIVE).values_list("author_id", flat=True):
        num_active[author_id] += 1
    last_served: dict[str, datetime] = dict(
        Run.objects.filter(author_id__in=waiting, attempt__gt=0)
        .values_list("author_id")
        .annotate(last=Max("attempts__started_at"))
    )
    never = datetime.min.replace(tzinfo=timezone.get_current_timezone())
    turns: list[tuple[int, bool, datetime, datetime, Run]] = []
    for author_id, runs in waiting.items():
        served = last_served.get(author_id) or never
        for position, run in enumerate(runs):
            turn = num_active[author_id] + position
            turns.append((turn, position > 0, served, run.queued_at, run))
    # `position > 0`: by then the person has just been served by the run before.
    turns.sort(key=lambda turn: turn[:4])
    return [run for *_, run in turns]


def queue_places() -> dict[str, int]:
    """Place of every queued run, 1 is next."""
    return {run.id: place for place, run in enumerate(queue_order(), start=1)}


def claim_next(worker: Worker) -> Attempt | None:
    """Claim the first run this worker has a free slot for; None when there is none.

    The database decides between rivals: `attempt` is compared and set, and its constraints allow
    one open attempt a run and one a device slot.
    """
    for run in queue_order():
        for device in devices_for(run.config["device"], worker.slots):
            attempt = _claim(run, device, worker)
            if attempt is not None:
                return attempt
    return None


def _claim(run: Run, device: str, worker: Worker) -> Attempt | None:
    open_slots = set(
        Attempt.objects.filter(host=worker.host, device=device, ended_at=None).values_list(
            "slot", flat=True
        )
    )
    free = [slot for slot in range(worker.slots[device]) if slot not in open_slots]
    if not free:
        return None
    try:
        with transaction.atomic():
            won = Run.objects.filter(
                id=run.id, state=State.QUEUED, attempt=run.attempt, desired_state=Desired.RUN
            ).update(state=State.CLAIMED, attempt=run.attempt + 1, device=device)
            if not won:
                return None
            return Attempt.objects.create(
                run_id=run.id,
                number=run.attempt + 1,
                host=worker.host,
                worker=worker.name,
                device=device,
                slot=free[0],
            )
    except IntegrityError:
        return None  # a rival took the slot between the look and the claim
