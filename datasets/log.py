"""The event log and its fold: every change of an item goes through `record`.

A change is made in one transaction: lock the dataset, change items in memory, `record`. Events get
the next positions of the dataset, items and counters follow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db.models import F
from django.utils import timezone

from accounts.models import Person
from common.topics import publish
from datasets.models import Dataset, Event, EventKind, Item, ItemState, LabelClass, Origin

BATCH = 500
COUNTED_SPLITS = ("train", "validation", "test")


class Tally:
    """The difference that changes make to a dataset's counters.

    Call `take` with an item before its change and `put` after it, then `apply` once.
    """

    def __init__(self) -> None:
        self._dataset: Counter[str] = Counter()
        self._classes: Counter[str] = Counter()

    def take(self, item: Item) -> None:
        """Count an item out, as it is now."""
        self._count(item, -1)

    def put(self, item: Item) -> None:
        """Count an item in, as it is now."""
        self._count(item, 1)

    def apply(self, dataset: Dataset) -> None:
        """Add the difference to the counters in the database, and refresh `dataset`."""
        fields = {name: F(name) + number for name, number in self._dataset.items() if number}
        Dataset.objects.filter(pk=dataset.pk).update(updated_at=timezone.now(), **fields)
        for class_id, number in self._classes.items():
            if number:
                LabelClass.objects.filter(pk=class_id).update(num_items=F("num_items") + number)
        dataset.refresh_from_db()

    def _count(self, item: Item, sign: int) -> None:
        if item.is_removed:
            return
        self._dataset["num_items"] += sign
        if item.split in COUNTED_SPLITS:
            self._dataset[f"num_{item.split}"] += sign
        if item.state == ItemState.LABELED:
            self._dataset["num_labeled"] += sign
        elif item.state == ItemState.REVIEWED_EMPTY:
            self._dataset["num_reviewed_empty"] += sign
        if item.label_class_id is not None:
            self._classes[item.label_class_id] += sign


def lock(dataset: Dataset) -> Dataset:
    """Fetch the dataset's row for changing; within a transaction.

    `no_key`, here and wherever a row is locked to take turns: rows that merely refer to it can be
    added meanwhile, which PostgreSQL would otherwise make wait, or tell of a deadlock.
    """
    return Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)


def record(
    dataset: Dataset,
    items: Sequence[Item],
    kind: EventKind,
    *,
    author: Person | None,
    origin: Origin = Origin.HUMAN,
    checkpoint_id: str = "",
) -> list[int]:
    """Append one event an item, holding the item's state as it is now in memory.

    Args:
        dataset: Locked by this transaction.
        items: Already changed and saved, in the order of their events.

    Returns:
        The positions of the events, which are their ids within the dataset.
    """
    first = dataset.log_position + 1
    now = timezone.now()
    Event.objects.bulk_create(
        (
            Event(
                dataset_id=dataset.pk,
                position=first + offset,
                item_id=item.pk,
                kind=kind,
                label_class_id=item.label_class_id,
                state=item.state,
                split=item.split,
                is_removed=item.is_removed,
                origin=origin,
                author_id=author.pk if author else None,
                checkpoint_id=checkpoint_id,
                time=now,
            )
            for offset, item in enumerate(items)
        ),
        batch_size=BATCH,
    )
    dataset.log_position += len(items)
    Dataset.objects.filter(pk=dataset.pk).update(log_position=dataset.log_position)
    return list(range(first, first + len(items)))


def tell_items_changed(dataset: Dataset) -> None:
    """Tell open galleries to ask again: items came, went or moved between splits."""
    publish(f"dataset:{dataset.pk}", {"type": "items_changed", "num_items": dataset.num_items})
    publish(f"project:{dataset.project_id}", {"type": "dataset", "dataset_id": dataset.pk})
