"""The only way to a dataset and what is in it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from accounts.access import Action, access_project, require_out_of_bin
from accounts.models import Person
from common.errors import not_found
from datasets.models import Dataset, DatasetVersion, Import, Item, LabelClass


def access_dataset(
    person: Person,
    dataset_id: str,
    action: Action,
    *,
    in_bin: bool = False,
    what: str = "dataset",
) -> Dataset:
    """Fetch a dataset; raises Problem not_found when it is not there or not allowed.

    One in the bin raises Problem in_bin for those who do not ask for it too (`in_bin`). `what` is
    what a stranger is told that there is not.
    """
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        raise not_found(what)
    access_project(person, dataset.project_id, action, what)
    if not in_bin:
        require_out_of_bin(person, dataset, "dataset")
    return dataset


def access_class(person: Person, dataset_id: str, class_id: str, action: Action) -> LabelClass:
    """Fetch a class of a dataset."""
    dataset = access_dataset(person, dataset_id, action)
    label_class = dataset.classes.filter(pk=class_id, deleted_at=None).first()
    if label_class is None:
        raise not_found("class")
    label_class.dataset = dataset
    return label_class


def access_item(person: Person, item_id: str, action: Action) -> Item:
    """Fetch an item, also one in the bin: old results still show it."""
    item = Item.objects.select_related("label_author").filter(pk=item_id).first()
    if item is None:
        raise not_found("item")
    access_dataset(person, item.dataset_id, action, what="item")
    return item


def items_of(dataset: Dataset, item_ids: Sequence[str]) -> QuerySet[Item]:
    """Those of the ids that are items of this dataset; of a dataset already accessed."""
    return Item.objects.filter(dataset=dataset, pk__in=item_ids)


def access_import(person: Person, import_id: str, action: Action) -> Import:
    """Fetch the report of an import."""
    report = Import.objects.filter(pk=import_id).first()
    if report is None:
        raise not_found("import")
    access_dataset(person, report.dataset_id, action, what="import")
    return report


def access_dataset_version(
    person: Person, version_id: str, action: Action, what: str = "dataset version"
) -> DatasetVersion:
    """Fetch a pinned version; it outlives the dataset's way to the bin, runs refer to it."""
    version = (
        DatasetVersion.objects.select_related("dataset", "author").filter(pk=version_id).first()
    )
    if version is None:
        raise not_found(what)
    access_project(person, version.dataset.project_id, action, what)
    return version
