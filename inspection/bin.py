"""What explanations take of the storage, and their end with the run they explain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, F, Q, Sum

from accounts.models import Project
from inspection.models import EvaluatedItem, Evaluation, Explanation
from storage.bin import Tick, register_purge_step
from storage.holding import register_blob_names, release_blobs
from storage.usage import Share, register_shares
from training.models import Run

ROWS_AT_ONCE = 200
FILES = ("heatmap_id", "overlay_id", "image_id", "data_id")


def register() -> None:
    """Called once, when Django is ready."""
    register_shares(_shares)
    register_blob_names(_named)
    register_purge_step("run", _purge_of_run)


def _shares(project: Project) -> Iterable[Share]:
    """The input image is shared by the explanations of it and counts once."""
    rows = Explanation.objects.filter(run__project=project).values_list("run")
    summed = rows.annotate(
        size=Sum(F("heatmap__size_bytes") + F("overlay__size_bytes") + F("data__size_bytes")),
        num=Count("pk"),
    )
    images: Counter[str] = Counter()
    for run_id, _, size_bytes in rows.values_list("run", "image", "image__size_bytes").distinct():
        images[run_id] += size_bytes
    for run_id, size_bytes, num in summed:
        yield Share("explanations", "run", run_id, (size_bytes or 0) + images[run_id], num)


def _named(project: Project, digests: Sequence[str]) -> set[str]:
    any_of = Q()
    for field in FILES:
        any_of |= Q(**{f"{field}__in": digests})
    rows = Explanation.objects.filter(any_of, run__project=project)
    return {sha256 for files in rows.values_list(*FILES) for sha256 in files}


def _purge_of_run(run: Run, tick: Tick) -> None:
    """Explanations with their pictures, then what evaluations said of each item."""
    rows = Explanation.objects.filter(run=run).order_by("pk").values_list("pk", *FILES)
    while batch := list(rows[:ROWS_AT_ONCE]):
        with transaction.atomic():
            Explanation.objects.filter(pk__in=[row[0] for row in batch]).delete()
            release_blobs(run.project, [sha256 for row in batch for sha256 in row[1:]])
        tick()
    for evaluation in Evaluation.objects.filter(run=run):
        told = EvaluatedItem.objects.filter(evaluation=evaluation).order_by("pk")
        while ids := list(told.values_list("pk", flat=True)[: ROWS_AT_ONCE * 10]):
            EvaluatedItem.objects.filter(pk__in=ids).delete()
            tick()
        evaluation.delete()
