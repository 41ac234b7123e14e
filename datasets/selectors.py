"""What is told about datasets: lists, one dataset, versions, reports. Reads only; items are in
`item_pages`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from accounts.access import may
from accounts.models import Person, Project
from datasets import schemas
from datasets.item_pages import SampleItem, item_detail, item_page, items_by_id, sample_item
from datasets.models import Dataset, DatasetVersion, Import, LabelClass
from datasets.statistics import statistics

__all__ = [
    "SampleItem",
    "dataset",
    "dataset_list",
    "import_list",
    "import_report",
    "item_detail",
    "item_page",
    "items_by_id",
    "label_class",
    "sample_item",
    "split_counts",
    "statistics",
    "version",
    "version_list",
]

MAX_LISTED = 1000
MAX_PROBLEMS = 200


def dataset_list(project: Project, *, is_deleted: bool) -> list[schemas.DatasetSummary]:
    """The datasets of a project; two queries however many there are."""
    found = list(
        Dataset.objects.filter(project=project, deleted_at__isnull=not is_deleted).order_by(
            "-updated_at", "pk"
        )[:MAX_LISTED]
    )
    ids = [each.pk for each in found]
    classes: defaultdict[str, list[LabelClass]] = defaultdict(list)
    for each in LabelClass.objects.filter(dataset__in=ids, deleted_at=None):
        classes[each.dataset_id].append(each)
    return [schemas.DatasetSummary(**_summary(each, classes[each.pk])) for each in found]


def dataset(dataset: Dataset, person: Person) -> schemas.Dataset:
    """A dataset as its page opens it."""
    classes = list(dataset.classes.filter(deleted_at=None))
    return schemas.Dataset(
        **_summary(dataset, classes),
        image_stats=(
            schemas.ImageStats.model_validate(dataset.image_stats) if dataset.image_stats else None
        ),
        num_versions=dataset.versions.count(),
        log_position=dataset.log_position,
        can_label=may(person, dataset.project_id, "label"),
        can_edit=may(person, dataset.project_id, "edit"),
    )


def label_class(label_class: LabelClass) -> schemas.LabelClass:
    """A class with how many items have it."""
    return schemas.LabelClass(
        id=label_class.pk,
        name=label_class.name,
        color=label_class.color,
        order=label_class.order,
        count=label_class.num_items,
    )


def split_counts(dataset: Dataset) -> schemas.SplitCounts:
    """How many items each split has."""
    dataset.refresh_from_db()
    return _split_counts(dataset)


def version_list(dataset: Dataset) -> list[schemas.DatasetVersion]:
    """Pinned versions, newest first."""
    found = dataset.versions.select_related("author").order_by("-number")
    return [version(each) for each in found[:MAX_LISTED]]


def version(version: DatasetVersion) -> schemas.DatasetVersion:
    """One pinned version."""
    return schemas.DatasetVersion(
        id=version.pk,
        dataset_id=version.dataset_id,
        number=version.number,
        name=version.name,
        created_at=version.created_at,
        author=version.author.name if version.author else None,
        num_items=version.num_items,
        classes=[schemas.LabelClass.model_validate(each) for each in version.classes],
        splits=schemas.SplitCounts.model_validate(version.splits),
        log_position=version.log_position,
        fingerprint=version.fingerprint,
    )


def import_list(dataset: Dataset) -> list[schemas.ImportReport]:
    """Reports of the latest hundred imports, newest first."""
    found = Import.objects.filter(dataset=dataset).order_by("-created_at")
    return [import_report(each) for each in found[:100]]


def is_filling(dataset: Dataset) -> bool:
    """Whether an import into this dataset waits or runs."""
    return Import.objects.filter(dataset=dataset, state__in=("queued", "running")).exists()


def import_report(report: Import) -> schemas.ImportReport:
    """What an import did, so far or in all."""
    seconds = None
    if report.started_at and report.finished_at:
        seconds = (report.finished_at - report.started_at).total_seconds()
    return schemas.ImportReport(
        id=report.pk,
        job_id=report.job_id or None,
        state=cast("schemas.ImportState", report.state),  # checked by the schema
        source=report.title,
        created_at=report.created_at,
        finished_at=report.finished_at,
        seconds=seconds,
        num_files=report.num_files,
        num_added=report.num_added,
        num_duplicates=report.num_duplicates,
        num_conflicts=report.num_conflicts,
        num_skipped=report.num_skipped,
        classes=[
            schemas.ImportedClass(name=name, count=count)
            for name, count in sorted(report.classes.items())
        ],
        notes=report.notes,
        problems=[
            schemas.ImportProblem.model_validate(each) for each in report.problems[:MAX_PROBLEMS]
        ],
        problem_counts=report.problem_counts,
        total_problems=sum(report.problem_counts.values()),
    )


def _summary(dataset: Dataset, classes: list[LabelClass]) -> dict[str, Any]:
    return {
        "id": dataset.pk,
        "project_id": dataset.project_id,
        "name": dataset.name,
        "num_items": dataset.num_items,
        "num_labeled": dataset.num_labeled,
        "num_reviewed_empty": dataset.num_reviewed_empty,
        "classes": [label_class(each) for each in classes],
        "splits": _split_counts(dataset),
        "created_at": dataset.created_at,
        "updated_at": dataset.updated_at,
        "cover_item_ids": dataset.covers,
    }


def _split_counts(dataset: Dataset) -> schemas.SplitCounts:
    assigned = dataset.num_train + dataset.num_validation + dataset.num_test
    return schemas.SplitCounts(
        train=dataset.num_train,
        validation=dataset.num_validation,
        test=dataset.num_test,
        unassigned=dataset.num_items - assigned,
    )
