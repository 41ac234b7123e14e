"""Saying what items show: set the class of many, take it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from common.errors import not_found
from common.topics import publish
from datasets.access import items_of
from datasets.log import Tally, lock, record
from datasets.models import Dataset, Event, EventKind, Item, ItemState, Origin

LABEL_EVENTS = (EventKind.ADDED, EventKind.LABEL)


def set_labels(
    dataset: Dataset,
    person: Person,
    item_ids: Sequence[str],
    class_id: str | None,
    *,
    is_reviewed_empty: bool = False,
) -> list[int]:
    """Give items a class, or none; those that have it already keep their history.

    Returns:
        Ids of the events, to undo them by.

    Raises:
        Problem: `not_found` when the class or one of the items is not in the dataset.
    """
    state = ItemState.LABELED
    if class_id is None:
        state = ItemState.REVIEWED_EMPTY if is_reviewed_empty else ItemState.UNLABELED
    with transaction.atomic():
        dataset = lock(dataset)
        if (
            class_id is not None
            and not dataset.classes.filter(pk=class_id, deleted_at=None).exists()
        ):
            raise not_found("class")
        items = list(items_of(dataset, item_ids).filter(is_removed=False).order_by("position"))
        if len(items) != len(set(item_ids)):
            raise not_found("item")
        changing = [
            item for item in items if (item.label_class_id, item.state) != (class_id, state)
        ]
        if not changing:
            return []
        now, tally = timezone.now(), Tally()
        for item in changing:
            tally.take(item)
            _put_label(item, class_id, state, Origin.HUMAN, person.pk, now)
            tally.put(item)
        _save_labels(changing)
        event_ids = record(dataset, changing, EventKind.LABEL, author=person)
        tally.apply(dataset)
        _tell(dataset, changing, event_ids)
    return event_ids


def undo_labels(dataset: Dataset, person: Person, event_ids: Sequence[int]) -> list[int]:
    """Return items to what they were before the events, by new events.

    An item that somebody labeled again since, or that is in the bin, is left alone.

    Returns:
        Ids of the new events; undoing those does the first ones again.
    """
    undone = set(event_ids)
    with transaction.atomic():
        dataset = lock(dataset)
        targets = dataset.events.filter(position__in=undone, kind=EventKind.LABEL)
        item_ids = list(targets.values_list("item_id", flat=True).distinct())
        before = _states_before(dataset, item_ids, undone)
        items = list(items_of(dataset, list(before)).filter(is_removed=False).order_by("position"))
        tally = Tally()
        for item in items:
            event = before[item.pk]
            tally.take(item)
            is_unlabeled = event.state == ItemState.UNLABELED
            _put_label(
                item,
                event.label_class_id,
                event.state,
                "" if is_unlabeled else event.origin,
                None if is_unlabeled else event.author_id,
                None if is_unlabeled else event.time,
            )
            tally.put(item)
        _save_labels(items)
        new_ids = record(dataset, items, EventKind.LABEL, author=person)
        tally.apply(dataset)
        _tell(dataset, items, new_ids)
    return new_ids


def _states_before(dataset: Dataset, item_ids: Sequence[str], undone: set[int]) -> dict[str, Event]:
    """For each item whose latest label event is undone: the label event it returns to."""
    histories: defaultdict[str, list[Event]] = defaultdict(list)
    events = dataset.events.filter(item_id__in=item_ids, kind__in=LABEL_EVENTS)
    for event in events.order_by("position"):
        histories[event.item_id].append(event)
    before: dict[str, Event] = {}
    for item_id, history in histories.items():
        kept = list(history)
        while kept and kept[-1].position in undone and kept[-1].kind == EventKind.LABEL:
            kept.pop()
        if kept and len(kept) < len(history):
            before[item_id] = kept[-1]
    return before


def _put_label(
    item: Item,
    class_id: str | None,
    state: str,
    origin: str,
    author_id: str | None,
    time: datetime | None,
) -> None:
    item.label_class_id = class_id
    item.state = state
    item.label_origin = origin
    item.label_author_id = author_id
    item.labeled_at = time


def _save_labels(items: Iterable[Item]) -> None:
    """One statement for each label that items get: usually one for thousands of items."""
    by_label: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
    fields = ("label_class_id", "state", "label_origin", "label_author_id", "labeled_at")
    for item in items:
        by_label[tuple(getattr(item, field) for field in fields)].append(item.pk)
    for values, item_ids in by_label.items():
        Item.objects.filter(pk__in=item_ids).update(**dict(zip(fields, values, strict=True)))


def _tell(dataset: Dataset, items: Sequence[Item], event_ids: Sequence[int]) -> None:
    """Tell open galleries; they change the items they show, or ask again when it is many."""
    publish(
        f"dataset:{dataset.pk}",
        {
            "type": "labels",
            "log_position": dataset.log_position,
            "event_ids": list(event_ids[:200]),
            "items": [
                {"id": item.pk, "class_id": item.label_class_id, "state": item.state}
                for item in items[:200]
            ],
            "changed": len(items),
        },
    )
