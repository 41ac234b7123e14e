"""Datasets in the bin, and what they take of the storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from accounts.models import Project
from datasets.models import Dataset, Event, Item
from datasets.originals import forget_pictures
from storage.bin import PURGE_BATCH, BinKind, Tick, register_bin_kind
from storage.holding import on_blobs_removed, register_blob_names, release_blobs
from storage.usage import Share, register_shares


def register() -> None:
    """Called once, when Django is ready."""
    register_bin_kind(
        BinKind(
            name="dataset",
            model=Dataset,
            describe=_describe,
            purge=_purge,
            subjects=lambda dataset: [("dataset", dataset.pk)],
            order=2,
        )
    )
    register_shares(_shares)
    register_blob_names(_named)
    on_blobs_removed(forget_pictures)


def _describe(datasets: Sequence[Dataset]) -> dict[str, str]:
    return {
        dataset.pk: f"{dataset.num_items:,} image{'' if dataset.num_items == 1 else 's'}"
        for dataset in datasets
    }


def _shares(project: Project) -> Iterable[Share]:
    rows = Dataset.objects.filter(project=project)
    for pk, stored_bytes, num_items in rows.values_list("pk", "stored_bytes", "num_items"):
        yield Share("datasets", "dataset", pk, stored_bytes, num_items)


def _named(project: Project, digests: Sequence[str]) -> set[str]:
    """Asked dataset by dataset: contents are indexed within one."""
    datasets = list(Dataset.objects.filter(project=project).values_list("pk", flat=True))
    items = Item.objects.filter(dataset__in=datasets, sha256__in=digests, reference="")
    return set(items.values_list("sha256", flat=True))


def _purge(dataset: Dataset, tick: Tick) -> None:
    """First what refers to the items, then the items in batches, each with its bytes."""
    dataset.versions.all().delete()
    project = dataset.project
    rows = Item.objects.filter(dataset=dataset).order_by("position")
    while batch := list(rows.values_list("pk", "sha256", "reference")[:PURGE_BATCH]):
        ids = [pk for pk, _, _ in batch]
        with transaction.atomic():
            Event.objects.filter(item__in=ids).delete()
            Item.objects.filter(pk__in=ids).delete()
            release_blobs(project, [sha256 for _, sha256, reference in batch if not reference])
        _remove_pictures_of([sha256 for _, sha256, reference in batch if reference])
        tick()
    dataset.classes.all().delete()
    dataset.delete()


def _remove_pictures_of(referenced: Sequence[str]) -> None:
    """Pictures of originals that stay where they are: unless another dataset shows them."""
    if not referenced:
        return
    datasets = list(Dataset.objects.values_list("pk", flat=True))
    shown = Item.objects.filter(dataset__in=datasets, sha256__in=referenced)
    forget_pictures(set(referenced) - set(shown.values_list("sha256", flat=True)))
