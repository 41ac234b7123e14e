"""What answers of networks take of the storage, and their end with what they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum

from accounts.models import Project
from datasets.models import Dataset
from designer.models import Network
from inspection.baselines import delete_baseline
from inspection.models import (
    Baseline,
    EvaluatedItem,
    Evaluation,
    Explanation,
    PredictedItem,
    PredictionTable,
)
from inspection.tables import delete_table
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
    register_purge_step("network", _purge_of_network)
    register_purge_step("dataset", _purge_of_dataset)


def _shares(project: Project) -> Iterable[Share]:
    """The input image is shared by the explanations of it and counts once."""
    yield from _explanations(Explanation.objects.filter(run__project=project), "run", "run")
    of_files = Explanation.objects.filter(weight_set__network__project=project)
    yield from _explanations(of_files, "network", "weight_set__network")
    tables = PredictionTable.objects.filter(network__project=project).values_list("network")
    for network_id, size_bytes, num in tables.annotate(Sum("csv__size_bytes"), Count("pk")):
        yield Share("predictions", "network", network_id, size_bytes or 0, num)

    models = Baseline.objects.filter(dataset_version__dataset__project=project).exclude(kept=None)
    rows = models.values_list("dataset_version__dataset")
    for dataset_id, size_bytes, num in rows.annotate(Sum("kept__size_bytes"), Count("pk")):
        yield Share("predictions", "dataset", dataset_id, size_bytes or 0, num)


def _explanations(explanations: QuerySet[Explanation], kind: str, owner: str) -> Iterable[Share]:
    summed = explanations.values_list(owner).annotate(
        size=Sum(F("heatmap__size_bytes") + F("overlay__size_bytes") + F("data__size_bytes")),
        num=Count("pk"),
    )
    images: Counter[str] = Counter()
    rows = explanations.values_list(owner, "image", "image__size_bytes")
    for owner_id, _, size_bytes in rows.distinct():
        images[owner_id] += size_bytes
    for owner_id, size_bytes, num in summed:
        yield Share("explanations", kind, owner_id, (size_bytes or 0) + images[owner_id], num)


def _named(project: Project, digests: Sequence[str]) -> set[str]:
    any_of = Q()
    for field in FILES:
        any_of |= Q(**{f"{field}__in": digests})
    mine = Q(run__project=project) | Q(weight_set__network__project=project)
    rows = Explanation.objects.filter(any_of & mine)
    pictures = {sha256 for files in rows.values_list(*FILES) for sha256 in files}
    tables = PredictionTable.objects.filter(network__project=project, csv__in=digests)
    kept = Baseline.objects.filter(
        dataset_version__dataset__project=project, kept__in=digests
    ).values_list("kept_id", flat=True)
    return {*pictures, *tables.values_list("csv_id", flat=True), *(each for each in kept if each)}


def _purge_of_network(network: Network, tick: Tick) -> None:
    """Explanations of weights that came with it."""
    found = Explanation.objects.filter(weight_set__network=network)
    _purge_explanations(network.project, found, tick)
    _purge_tables(PredictionTable.objects.filter(network=network), tick)
    _purge_baselines(Baseline.objects.filter(network=network), tick)


def _purge_of_dataset(dataset: Dataset, tick: Tick) -> None:
    """What networks said of its images."""
    _purge_tables(PredictionTable.objects.filter(dataset_version__dataset=dataset), tick)
    _purge_baselines(Baseline.objects.filter(dataset_version__dataset=dataset), tick)


def _purge_baselines(baselines: QuerySet[Baseline], tick: Tick) -> None:
    for baseline in baselines.select_related("dataset_version__dataset__project"):
        delete_baseline(baseline)
        tick()


def _purge_tables(tables: QuerySet[PredictionTable], tick: Tick) -> None:
    for table in tables.select_related("network__project"):
        rows = PredictedItem.objects.filter(table=table).order_by("pk")
        while ids := list(rows.values_list("pk", flat=True)[: ROWS_AT_ONCE * 10]):
            PredictedItem.objects.filter(pk__in=ids).delete()
            tick()
        delete_table(table)
        tick()


def _purge_explanations(project: Project, found: QuerySet[Explanation], tick: Tick) -> None:
    rows = found.order_by("pk").values_list("pk", *FILES)
    while batch := list(rows[:ROWS_AT_ONCE]):
        with transaction.atomic():
            Explanation.objects.filter(pk__in=[row[0] for row in batch]).delete()
            release_blobs(project, [sha256 for row in batch for sha256 in row[1:]])
        tick()


def _purge_of_run(run: Run, tick: Tick) -> None:
    """Explanations with their pictures, then what evaluations said of each item."""
    _purge_explanations(run.project, Explanation.objects.filter(run=run), tick)
    _purge_tables(PredictionTable.objects.filter(run=run), tick)
    _purge_baselines(Baseline.objects.filter(run=run), tick)
    for evaluation in Evaluation.objects.filter(run=run):
        told = EvaluatedItem.objects.filter(evaluation=evaluation).order_by("pk")
        while ids := list(told.values_list("pk", flat=True)[: ROWS_AT_ONCE * 10]):
            EvaluatedItem.objects.filter(pk__in=ids).delete()
            tick()
        evaluation.delete()
