"""Runs in the bin, what they take of the storage, and what of it can be freed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum

from accounts.limits import Limit
from accounts.models import Project
from accounts.services import on_project_binned
from designer.models import Version
from storage.bin import (
    BinKind,
    Tick,
    register_bin_kind,
    register_need,
    register_quieter,
)
from storage.holding import register_blob_names, release_blobs
from storage.usage import (
    Freeable,
    FreeAction,
    Share,
    register_free_action,
    register_person_count,
    register_shares,
)
from training.limits import unfinished_runs, week_hours
from training.models import ACTIVE, UNFINISHED, Checkpoint, Desired, MetricBlock, Run, RunEvent
from training.services import pause_run, stop_run
from training.supervision.checkpoints import forget_checkpoint

ROWS_AT_ONCE = 1000


def register() -> None:
    """Called once, when Django is ready."""
    register_bin_kind(
        BinKind(
            name="run",
            model=Run,
            describe=_describe,
            purge=_purge,
            subjects=lambda run: [("checkpoint", one.pk) for one in run.checkpoints.all()],
            order=0,
        )
    )
    register_need("network", _runs_of_networks)
    register_need("network", _runs_from_weights)
    register_need("dataset", _runs_on_datasets)
    register_need("run", _runs_from_runs)
    register_quieter(_stop_all)
    on_project_binned(_pause_all)
    register_shares(_shares)
    register_blob_names(_named)
    register_free_action(FreeAction("checkpoints", _measure_spare, _forget_spare))
    register_free_action(FreeAction("bundles", _measure_bundles, _forget_bundles))
    register_person_count(Limit.RUNS, unfinished_runs)
    register_person_count(Limit.WEEK_HOURS, week_hours)


def _describe(runs: Sequence[Run]) -> dict[str, str]:
    rows = Run.objects.filter(pk__in=[run.pk for run in runs])
    told = rows.values_list("pk", "number", "network__name", "dataset_version__dataset__name")
    return {pk: f"run {number}: {network} on {dataset}" for pk, number, network, dataset in told}


def _purge(run: Run, tick: Tick) -> None:
    """The long tables in batches, then the run with its checkpoints at once."""
    for model in (RunEvent, MetricBlock):
        rows = model.objects.filter(run=run).order_by("pk").values_list("pk", flat=True)
        while batch := list(rows[:ROWS_AT_ONCE]):
            model.objects.filter(pk__in=batch).delete()
            tick()
    project = run.project
    with transaction.atomic():
        named = run.checkpoints.values_list("blob_id", "bundle_id")
        digests = [sha256 for pair in named for sha256 in pair if sha256]
        Version.objects.filter(pk=run.network_version_id, num_pins__gt=0).update(
            num_pins=F("num_pins") - 1
        )
        run.delete()
        release_blobs(project, digests)


def _runs_of_networks(networks: Sequence[Any], is_whole_project: bool) -> dict[str, str]:
    if is_whole_project:
        return {}
    counted = Run.objects.filter(network__in=networks).values_list("network")
    return {pk: _runs(num, "trained it") for pk, num in counted.annotate(Count("pk"))}


def _runs_on_datasets(datasets: Sequence[Any], is_whole_project: bool) -> dict[str, str]:
    if is_whole_project:
        return {}
    runs = Run.objects.filter(dataset_version__dataset__in=datasets)
    counted = runs.values_list("dataset_version__dataset").annotate(Count("pk"))
    return {pk: _runs(num, "learned from it") for pk, num in counted}


def _runs(num: int, did: str) -> str:
    return f"1 run {did}" if num == 1 else f"{num:,} runs {did}"


def _runs_from_runs(runs: Sequence[Run], is_whole_project: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("merge_checkpoint", "start_checkpoint"):
        started = Run.objects.filter(**{f"{name}__run__in": runs})
        if is_whole_project:
            started = started.exclude(project=F(f"{name}__run__project"))
        rows = started.order_by("-number").values_list(f"{name}__run", "number", "name")
        found |= {pk: f"run {number} ({title}) started from it" for pk, number, title in rows}
    return found


def _runs_from_weights(networks: Sequence[Any], is_whole_project: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("merge_weights", "start_weights"):
        started = Run.objects.filter(**{f"{name}__network__in": networks})
        started = started.exclude(network__in=networks)
        if is_whole_project:
            started = started.exclude(project=F(f"{name}__network__project"))
        rows = started.order_by("-number").values_list(f"{name}__network", "number", "name")
        found |= {pk: f"run {num} ({title}) started from its weights" for pk, num, title in rows}
    return found


def _pause_all(project: Project) -> None:
    """A project in the bin keeps no device busy; its runs can be resumed once it is back."""
    for run in Run.objects.filter(project=project, state__in=UNFINISHED, desired_state="run"):
        pause_run(run)


def _stop_all(project: Project) -> bool:
    """End what runs; True when no trainer is left."""
    active = Run.objects.filter(project=project, state__in=UNFINISHED)
    for run in active.exclude(desired_state=Desired.KILL):
        stop_run(run)
    return not Run.objects.filter(project=project, state__in=ACTIVE).exists()


def _shares(project: Project) -> Iterable[Share]:
    rows = Checkpoint.objects.filter(run__project=project).values_list("run")
    for run_id, size_bytes, num in rows.annotate(Sum("blob__size_bytes"), Count("pk")):
        yield Share("checkpoints", "run", run_id, size_bytes or 0, num)
    made = rows.exclude(bundle=None)
    for run_id, size_bytes, num in made.annotate(Sum("bundle__size_bytes"), Count("pk")):
        yield Share("bundles", "run", run_id, size_bytes or 0, num)


def _named(project: Project, digests: Sequence[str]) -> set[str]:
    rows = Checkpoint.objects.filter(run__project=project)
    rows = rows.filter(Q(blob__in=digests) | Q(bundle__in=digests))
    return {
        sha256 for pair in rows.values_list("blob_id", "bundle_id") for sha256 in pair if sha256
    }


def _spare(project: Project) -> QuerySet[Checkpoint]:
    """Neither best nor last, of runs that are over, and nobody started from or looked into them."""
    ended = Checkpoint.objects.filter(run__project=project).exclude(run__state__in=UNFINISHED)
    needed = {"started_runs": None, "explanations": None, "evaluations": None}
    return ended.filter(is_best=False, is_last=False, **needed)


def _measure_spare(project: Project) -> Freeable:
    return _measured(_spare(project), "blob__size_bytes")


def _forget_spare(project: Project) -> None:
    for checkpoint in _spare(project).select_related("run__project"):
        forget_checkpoint(checkpoint.run, checkpoint)


def _made_bundles(project: Project) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.filter(run__project=project).exclude(bundle=None)


def _measure_bundles(project: Project) -> Freeable:
    return _measured(_made_bundles(project), "bundle__size_bytes")


def _forget_bundles(project: Project) -> None:
    digests = list(_made_bundles(project).values_list("bundle_id", flat=True))
    with transaction.atomic():
        _made_bundles(project).filter(bundle__in=digests).update(bundle=None)
        release_blobs(project, [sha256 for sha256 in digests if sha256])


def _measured(checkpoints: QuerySet[Checkpoint], field: str) -> Freeable:
    found = checkpoints.aggregate(size=Sum(field), num=Count("pk"))
    return Freeable(found["size"] or 0, found["num"])
