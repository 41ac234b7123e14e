"""What people do with datasets: one function an intent. Labels are in `labels`, versions in
`versions`, bringing images in under `ingest`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Person, Project
from common.errors import Code, Problem, not_found
from common.topics import publish
from datasets.access import items_of
from datasets.colors import color_of
from datasets.log import BATCH, Tally, lock, record, tell_items_changed
from datasets.models import Dataset, EventKind, Item, LabelClass, Split
from datasets.splits import SplitShares
from datasets.stats import binding_of, binding_of_version, refresh_overview
from datasets.versions import label_counts_at, pin_version, write_manifest
from storage.bin import put_in, take_out

__all__ = [
    "assign_splits",
    "binding_of",
    "binding_of_version",
    "create_class",
    "create_dataset",
    "delete_class",
    "delete_dataset",
    "label_counts_at",
    "pin_version",
    "remove_items",
    "rename_dataset",
    "restore_dataset",
    "restore_items",
    "set_split",
    "update_class",
    "write_manifest",
]

MAX_CLASSES = 10_000


def create_dataset(project: Project, person: Person | None, name: str) -> Dataset:
    """Make an empty dataset."""
    dataset = Dataset.objects.create(project=project, name=name, created_by=person)
    _tell_project(dataset)
    return dataset


def rename_dataset(dataset: Dataset, name: str) -> None:
    """Give a dataset another name."""
    dataset.name = name
    dataset.save(update_fields=["name", "updated_at"])
    _tell_project(dataset)


def delete_dataset(dataset: Dataset, person: Person | None) -> None:
    """Move to the bin; pinned versions and the runs that use them stay usable."""
    put_in(dataset, person)
    _tell_project(dataset)


def restore_dataset(dataset: Dataset) -> None:
    """Take out of the bin."""
    take_out(dataset)
    _tell_project(dataset)


def create_class(dataset: Dataset, name: str, color: str | None = None) -> LabelClass:
    """Add a class behind the others."""
    with transaction.atomic():
        lock(dataset)
        present = dataset.classes.filter(deleted_at=None)
        if present.count() >= MAX_CLASSES:
            raise Problem(
                Code.TOO_LARGE,
                f"A dataset has at most {MAX_CLASSES:,} classes.",
                "Remove classes that are not used.",
            )
        last = present.aggregate(last=Max("order"))["last"]
        order = 0 if last is None else last + 1
        try:
            with transaction.atomic():
                made = LabelClass.objects.create(
                    dataset=dataset, name=name, color=color or color_of(order), order=order
                )
        except IntegrityError:
            raise _name_taken(name) from None
    _tell_classes(dataset)
    return made


def update_class(
    label_class: LabelClass,
    *,
    name: str | None = None,
    color: str | None = None,
    order: int | None = None,
) -> None:
    """Rename, recolour, or move a class to another place; None leaves as it is."""
    dataset = label_class.dataset
    with transaction.atomic():
        lock(dataset)
        if name is not None:
            label_class.name = name
        if color is not None:
            label_class.color = color
        try:
            with transaction.atomic():
                label_class.save(update_fields=["name", "color"])
        except IntegrityError:
            raise _name_taken(label_class.name) from None
        if order is not None:
            _move_class(label_class, order)
    _tell_classes(dataset)


def delete_class(label_class: LabelClass) -> None:
    """Remove a class that no item has; history may still name it."""
    with transaction.atomic():
        lock(label_class.dataset)
        label_class.refresh_from_db()
        if label_class.num_items:
            raise Problem(
                Code.CLASS_IN_USE,
                f"{label_class.num_items:,} items are labeled {label_class.name}.",
                "Give them another class first.",
                num_items=label_class.num_items,
            )
        label_class.deleted_at = timezone.now()
        label_class.save(update_fields=["deleted_at"])
        close_ranks(label_class.dataset)
    _tell_classes(label_class.dataset)


def set_split(dataset: Dataset, person: Person, item_ids: Sequence[str], split: str) -> int:
    """Put items into a split by hand; returns how many moved."""
    with transaction.atomic():
        dataset = lock(dataset)
        items = [item for item in _present(dataset, item_ids) if item.split != split]
        _move_to_split(dataset, items, [Split(split)] * len(items), person)
    return len(items)


def assign_splits(
    dataset: Dataset, person: Person | None, *, validation: float, test: float
) -> int:
    """Decide the split of items that have none; returns how many got one.

    An item joins its group's split where the group has one already.
    """
    shares = SplitShares(validation=validation, test=test)
    if shares.validation + shares.test >= 1:
        raise Problem(
            Code.INVALID,
            "Validation and test take everything; nothing is left for training.",
            "Choose shares that add up to less than 1.",
        )
    assigned = 0
    with transaction.atomic():
        dataset = lock(dataset)
        known = splits_of_groups(dataset, None)
        for items in _batches(dataset, split=Split.UNASSIGNED):
            splits = [
                known.get(item.group) or shares.split_of(dataset.seed, item.group or item.sha256)
                for item in items
            ]
            _move_to_split(dataset, items, splits, person)
            assigned += len(items)
    return assigned


def splits_of_groups(dataset: Dataset, groups: Sequence[str] | None) -> dict[str, Split]:
    """The split that each group is in already; all groups for None."""
    rows = Item.objects.filter(dataset=dataset).exclude(group="").exclude(split=Split.UNASSIGNED)
    if groups is not None:
        rows = rows.filter(group__in=groups)
    return {group: Split(split) for group, split in rows.values_list("group", "split").distinct()}


def remove_items(dataset: Dataset, person: Person | None, item_ids: Sequence[str]) -> int:
    """Move items to the bin; returns how many went."""
    return _set_removed(dataset, person, item_ids, is_removed=True)


def restore_items(dataset: Dataset, person: Person | None, item_ids: Sequence[str]) -> int:
    """Take items out of the bin; returns how many came back."""
    return _set_removed(dataset, person, item_ids, is_removed=False)


def _set_removed(
    dataset: Dataset, person: Person | None, item_ids: Sequence[str], *, is_removed: bool
) -> int:
    with transaction.atomic():
        dataset = lock(dataset)
        items = list(
            items_of(dataset, item_ids).filter(is_removed=not is_removed).order_by("position")
        )
        tally = Tally()
        for item in items:
            tally.take(item)
            item.is_removed = is_removed
            tally.put(item)
        Item.objects.filter(pk__in=[item.pk for item in items]).update(is_removed=is_removed)
        kind = EventKind.REMOVED if is_removed else EventKind.RESTORED
        record(dataset, items, kind, author=person)
        tally.apply(dataset)
        refresh_overview(dataset)
        tell_items_changed(dataset)
    return len(items)


def _move_to_split(
    dataset: Dataset, items: Sequence[Item], splits: Sequence[Split], person: Person | None
) -> None:
    tally = Tally()
    for item, split in zip(items, splits, strict=True):
        tally.take(item)
        item.split = split
        tally.put(item)
    for split in set(splits):
        moved = [item.pk for item in items if item.split == split]
        Item.objects.filter(pk__in=moved).update(split=split)
    record(dataset, items, EventKind.SPLIT, author=person)
    tally.apply(dataset)
    tell_items_changed(dataset)


def _present(dataset: Dataset, item_ids: Sequence[str]) -> list[Item]:
    items = list(items_of(dataset, item_ids).filter(is_removed=False).order_by("position"))
    if len(items) != len(set(item_ids)):
        raise not_found("item")
    return items


def _batches(dataset: Dataset, **filters: str) -> Iterator[list[Item]]:
    position = 0
    while True:
        rows = Item.objects.filter(dataset=dataset, is_removed=False, position__gt=position)
        batch = list(rows.filter(**filters).order_by("position")[:BATCH])
        if not batch:
            return
        position = batch[-1].position
        yield batch


def _move_class(label_class: LabelClass, order: int) -> None:
    others = list(label_class.dataset.classes.filter(deleted_at=None).exclude(pk=label_class.pk))
    others.insert(min(order, len(others)), label_class)
    for place, each in enumerate(others):
        each.order = place
    LabelClass.objects.bulk_update(others, ["order"], batch_size=BATCH)


def close_ranks(dataset: Dataset) -> None:
    """Number the classes without gaps, in the order they have."""
    remaining = list(dataset.classes.filter(deleted_at=None))
    for place, each in enumerate(remaining):
        each.order = place
    LabelClass.objects.bulk_update(remaining, ["order"], batch_size=BATCH)


def _name_taken(name: str) -> Problem:
    return Problem(Code.NAME_TAKEN, f"There is a class {name} already.", "Choose another name.")


def _tell_project(dataset: Dataset) -> None:
    publish(f"project:{dataset.project_id}", {"type": "dataset", "dataset_id": dataset.pk})


def _tell_classes(dataset: Dataset) -> None:
    publish(f"dataset:{dataset.pk}", {"type": "classes_changed"})
    _tell_project(dataset)
