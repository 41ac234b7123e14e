"""What is read about runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Min, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.access import may
from accounts.models import Person, Project
from designer.documents import stored_document
from designer.models import WeightSet
from netloom.graph.document import Document
from training.estimates import estimated_starts
from training.models import Checkpoint, Run, RunEvent, State
from training.pages import cursor_of, place, read_cursor
from training.queue import queue_order
from training.schemas import (
    BestMetric,
    CheckpointOut,
    ClassScore,
    DatasetVersionRef,
    LatestMetrics,
    NumberedEvent,
    RunAttempt,
    RunEvents,
    RunFailure,
    RunList,
    RunPhase,
    RunProgress,
    RunSamples,
    RunStarted,
    RunSummary,
    RunUnfrozen,
)
from training.schemas import Run as RunOut


def summary_query() -> QuerySet[Run]:
    """Runs with what a row of the list needs, in a fixed number of queries."""
    return Run.objects.select_related("author", "network", "dataset_version__dataset")


def checkpoint_query() -> QuerySet[Checkpoint]:
    """Checkpoints with their blobs in one query: between two, a running trainer rotates them."""
    return Checkpoint.objects.select_related("blob")


def list_runs(
    project: Project,
    search: str,
    states: Sequence[str],
    network_id: str | None,
    cursor: str | None,
    limit: int,
) -> RunList:
    """Runs of a project outside of the bin, newest first."""
    runs = summary_query().filter(project=project, deleted_at=None)
    for word in set(search.split()):
        runs = runs.filter(
            Q(name__icontains=word)
            | Q(notes__icontains=word)
            | Q(tags__icontains=word)
            | Q(network__name__icontains=word)
        )
    if states:
        runs = runs.filter(state__in=states)
    if network_id:
        runs = runs.filter(network_id=network_id)
    total = runs.count()
    before = read_cursor(cursor, place)
    if before is not None:
        runs = runs.filter(number__lt=before)
    page = list(runs.order_by("-number")[: limit + 1])
    places = Places.of(page)
    return RunList(
        items=[run_summary(run, places) for run in page[:limit]],
        total=total,
        next=cursor_of(page[limit - 1].number) if len(page) > limit else None,
    )


class Places:
    """Place in the queue and likely seconds to the start of every queued run."""

    def __init__(self) -> None:
        order = queue_order()
        self.place = {run.id: index for index, run in enumerate(order, start=1)}
        self.start_s = estimated_starts(order)

    @classmethod
    def of(cls, runs: list[Run]) -> Places | None:
        """Places, when any of the runs waits."""
        return cls() if any(run.state == State.QUEUED for run in runs) else None


def run_summary(run: Run, places: Places | None = None) -> RunSummary:
    """A row of the run list."""
    return RunSummary(**_summary_fields(run, places or Places.of([run])))


def _repeat_command(run: Run, person: Person) -> str:
    """What repeats the run on the studio's machine, in the folder of the installation.

    Only operators can run it, and they alone are told where the studio keeps its data.
    """
    folder = f"run-{run.number}"
    data = f"NETLOOM_DATA={shlex.quote(str(settings.DATA_FOLDER))} " if person.is_operator else ""
    return (
        f"{data}.venv/bin/python manage.py export_run {run.pk} {folder}\n"
        f".venv/bin/netloom train {folder}/spec.json"
    )


def run_detail(run: Run, person: Person) -> RunOut:
    """A run's page. Reads the run again, so that it is what the last event left."""
    run = (
        summary_query()
        .select_related("detail", "network_version")
        .prefetch_related("attempts", Prefetch("checkpoints", queryset=checkpoint_query()))
        .get(id=run.id)
    )
    detail = run.detail
    classes = [entry["name"] for entry in run.dataset_version.classes]
    version = run.dataset_version
    return RunOut(
        **_summary_fields(run, Places.of([run])),
        config=run.config,
        spec_command=_repeat_command(run, person),
        network_version_id=run.network_version_id,
        dataset_version=DatasetVersionRef(id=version.id, number=version.number, name=version.name),
        network_graph_hash=run.network_version.graph_hash,
        start_from=run.start_from,  # pyright: ignore[reportArgumentType] - pydantic checks it
        merge_from=run.merge_from,  # pyright: ignore[reportArgumentType] - pydantic checks it
        attempts=[
            RunAttempt.model_validate(attempt)
            for attempt in sorted(run.attempts.all(), key=lambda one: one.number)
        ],
        progress=RunProgress(**detail.progress) if detail.progress else None,
        started=RunStarted(**detail.started) if detail.started else None,
        phase=RunPhase(**detail.phase) if detail.phase and run.is_active else None,
        classes=classes,
        checkpoints=[checkpoint_out(one) for one in _by_step(run)],
        last_event=run.last_seq,
        log_tail=detail.log_tail,
        samples=RunSamples(**detail.samples) if detail.samples else None,
        per_class=_class_scores(classes, detail.epoch_end),
        confusion=detail.epoch_end["confusion_KK"] if detail.epoch_end else [],
        unfrozen=[RunUnfrozen(**told) for told in detail.unfrozen],
        can_edit=may(person, run.project_id, "edit"),
    )


def list_checkpoints(run: Run) -> list[CheckpointOut]:
    """Checkpoints of a run, newest step first."""
    return [checkpoint_out(one) for one in checkpoint_query().filter(run=run).order_by("-step")]


def checkpoint_out(checkpoint: Checkpoint) -> CheckpointOut:
    return CheckpointOut(
        id=checkpoint.id,
        run_id=checkpoint.run_id,
        step=checkpoint.step,
        epoch=checkpoint.epoch,
        is_best=checkpoint.is_best,
        is_last=checkpoint.is_last,
        metric=checkpoint.metric,
        size_bytes=checkpoint.blob.size_bytes,
        created_at=checkpoint.created_at,
    )


def document_of(start: Checkpoint | WeightSet | None) -> Document | None:
    """The network that weights belong to."""
    if start is None:
        return None
    if isinstance(start, Checkpoint):
        return stored_document(start.run.network_version.document)
    return stored_document(start.document)


def best_checkpoint(network_id: str) -> Checkpoint | None:
    """The best checkpoint of the newest run of a network that has one."""
    return (
        Checkpoint.objects.select_related("blob", "run")
        .filter(run__network_id=network_id, run__deleted_at=None)
        .order_by("-run__number", "-is_best", "-step")
        .first()
    )


def events_since(run: Run, since: int, limit: int) -> RunEvents:
    """Events after `since`, as the socket replays them."""
    events = RunEvent.objects.filter(run=run)
    first = events.aggregate(first=Min("seq"))["first"]
    page = list(events.filter(seq__gt=since, seq__lte=run.last_seq).order_by("seq")[: limit + 1])
    return RunEvents(
        events=[NumberedEvent(seq=one.seq, event=one.event) for one in page[:limit]],
        last_event=run.last_seq,
        first_event=first or 0,
        has_more=len(page) > limit,
    )


def log_lines(run: Run) -> list[str]:
    return list(run.detail.log_tail)


def _by_step(run: Run) -> list[Checkpoint]:
    return sorted(run.checkpoints.all(), key=lambda one: -one.step)


def _class_scores(classes: list[str], epoch_end: dict[str, Any] | None) -> list[ClassScore]:
    if epoch_end is None:
        return []
    return [
        ClassScore(name=name, recall=recall, support=sum(row))
        for name, recall, row in zip(
            classes, epoch_end["recall_K"], epoch_end["confusion_KK"], strict=True
        )
    ]


def _summary_fields(run: Run, places: Places | None) -> dict[str, Any]:
    waits = places is not None and run.id in places.place
    return {
        "id": run.id,
        "number": run.number,
        "name": run.name,
        "project_id": run.project_id,
        "network_id": run.network_id,
        "network_name": run.network.name,
        "dataset_id": run.dataset_version.dataset_id,
        "dataset_name": run.dataset_version.dataset.name,
        "state": run.state,
        "desired_state": run.desired_state,
        "epochs_done": run.epoch,
        "epochs": run.config["epochs"],
        "best_metric": BestMetric(**run.best_metric) if run.best_metric else None,
        "latest": LatestMetrics(**run.latest),
        "sparkline": run.sparkline.get("values", []),
        "device": run.device or run.config["device"],
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration_s": _duration_s(run.started_at, run.finished_at),
        "author": run.author.name,
        "notes": run.notes,
        "tags": run.tags,
        "queue_place": places.place[run.id] if waits and places else None,
        "estimate_start_s": places.start_s.get(run.id) if waits and places else None,
        "failure": RunFailure(**run.failure) if run.failure else None,
    }


def _duration_s(started: datetime | None, finished: datetime | None) -> float | None:
    if started is None:
        return None
    return ((finished or timezone.now()) - started).total_seconds()
