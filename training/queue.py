"""Who goes next: the order of waiting runs, and claims that only one worker can win.

People take turns: a person's next run stands behind everyone who has fewer runs under way and,
among equals, behind whoever was served longer ago. One person's own runs go by age.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from training.models import ACTIVE, Attempt, Desired, Run, State, TakenSlot


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
    if not waiting:
        return []
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


@dataclass(frozen=True, slots=True)
class Fit:
    """A waiting run and the free slots that it would take, at most one of a device."""

    run: Run
    slots: tuple[tuple[str, int], ...]

    @property
    def device(self) -> str:
        """The devices as they are shown and stored, e.g. `cuda:0,cuda:1`."""
        return ",".join(device for device, _ in self.slots)


def num_slots(run: Run, devices: Sequence[str]) -> int:
    """How many of these devices a run takes: a CPU's processes share one of its slots."""
    return run.config.get("devices", 1) if "cpu" not in devices else 1


def find_fit(worker: Worker, passed_over: Collection[str] = ()) -> Fit | None:
    """The first waiting run this worker has free slots for.

    A run that waits for several devices holds those that are free: whoever stands behind it does
    not take them one by one, for ever. It takes all of them at once or none, so that no two runs
    wait for each other.
    """
    order = queue_order()
    if not order:
        return None
    taken = set(TakenSlot.objects.filter(host=worker.host).values_list("device", "slot"))
    held: set[str] = set()
    for run in order:
        devices = devices_for(run.config["device"], worker.slots)
        wanted = num_slots(run, devices)
        if run.id in passed_over or not devices or len(devices) < wanted:
            continue
        free = [
            (device, slot)
            for device in devices
            if device not in held and (slot := _free_slot(worker, device, taken)) is not None
        ]
        if len(free) >= wanted:
            return Fit(run, tuple(free[:wanted]))
        if wanted > 1:
            held.update(device for device, _ in free)
    return None


def claim_next(worker: Worker) -> Attempt | None:
    """Claim the first run this worker has free slots for; None when there is none.

    The database decides between rivals: `attempt` is compared and set, and its constraints allow
    one open attempt a run and one a device slot.
    """
    lost: set[str] = set()
    while (fit := find_fit(worker, lost)) is not None:
        attempt = _claim(fit, worker)
        if attempt is not None:
            return attempt
        lost.add(fit.run.id)
    return None


def _free_slot(worker: Worker, device: str, taken: Collection[tuple[str, int]]) -> int | None:
    slots = range(worker.slots[device])
    return next((slot for slot in slots if (device, slot) not in taken), None)


def _claim(fit: Fit, worker: Worker) -> Attempt | None:
    run = fit.run
    try:
        with transaction.atomic():
            won = Run.objects.filter(
                id=run.id, state=State.QUEUED, attempt=run.attempt, desired_state=Desired.RUN
            ).update(state=State.CLAIMED, attempt=run.attempt + 1, device=fit.device)
            if not won:
                return None
            attempt = Attempt.objects.create(
                run_id=run.id,
                number=run.attempt + 1,
                host=worker.host,
                worker=worker.name,
                device=fit.device,
            )
            TakenSlot.objects.bulk_create(
                TakenSlot(attempt=attempt, host=worker.host, device=device, slot=slot)
                for device, slot in fit.slots
            )
            return attempt
    except IntegrityError:
        return None  # a rival took a slot between the look and the claim
