"""Saying what items show: set the class of many, take it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from common.errors import not_found
from common.topics import publish
from datasets.access import items_of
from datasets.log import Tally, lock, record
from datasets.models import Dataset, Event, EventKind, Item, ItemState, Origin

AT_ONCE = 5000
LABEL_EVENTS = (EventKind.ADDED, EventKind.LABEL)


def set_labels(
    dataset: Dataset,
    person: Person,
    item_ids: Sequence[str],
    class_id: str | None,
    *,
    is_reviewed_empty: bool = False,
) -> list[int]:
    """Give items a class, or none, all or none of them; who has it already keeps its history.

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
        now, tally = timezone.now(), Tally()
        changed: list[Item] = []
        event_ids: list[int] = []
        for some_ids in _chunks(item_ids):
            items = list(items_of(dataset, some_ids).filter(is_removed=False).order_by("position"))
            if len(items) != len(set(some_ids)):
                raise not_found("item")
            changing = [
                item for item in items if (item.label_class_id, item.state) != (class_id, state)
            ]
            for item in changing:
                tally.take(item)
                _put_label(item, class_id, state, Origin.HUMAN, person.pk, now)
                tally.put(item)
            _save_labels(changing)
            event_ids += record(dataset, changing, EventKind.LABEL, author=person)
            changed += changing
        if changed:
            tally.apply(dataset)
            _tell(dataset, changed, event_ids)
    return event_ids


def undo_labels(dataset: Dataset, person: Person, event_ids: Sequence[int]) -> list[int]:
    """Return items to what they were before the events, by new events, in one transaction.

    An item that somebody labeled again since, or that is in the bin, is left alone.

    Returns:
        Ids of the new events; undoing those does the first ones again.
    """
    undone = set(event_ids)
    with transaction.atomic():
        dataset = lock(dataset)
        tally = Tally()
        changed: list[Item] = []
        new_ids: list[int] = []
        for item_ids in _chunks(_labeled_by(dataset, undone)):
            before = _states_before(dataset, item_ids, undone)
            found = items_of(dataset, list(before)).filter(is_removed=False)
            items = list(found.order_by("position"))
            for item in items:
                tally.take(item)
                _return_label(item, before[item.pk])
                tally.put(item)
            _save_labels(items)
            new_ids += record(dataset, items, EventKind.LABEL, author=person)
            changed += items
        tally.apply(dataset)
        _tell(dataset, changed, new_ids)
    return new_ids


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Parts that a query can name; each id once, in their order."""
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), AT_ONCE):
        yield unique[start : start + AT_ONCE]


def _labeled_by(dataset: Dataset, event_ids: Iterable[int]) -> list[str]:
    """The items that label events are about, in the order of the events."""
    ordered = sorted(event_ids)
    item_ids: list[str] = []
    for start in range(0, len(ordered), AT_ONCE):
        events = dataset.events.filter(
            position__in=ordered[start : start + AT_ONCE], kind=EventKind.LABEL
        )
        item_ids += events.order_by("position").values_list("item_id", flat=True)
    return item_ids


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


def _return_label(item: Item, event: Event) -> None:
    is_unlabeled = event.state == ItemState.UNLABELED
    _put_label(
        item,
        event.label_class_id,
        event.state,
        "" if is_unlabeled else event.origin,
        None if is_unlabeled else event.author_id,
        None if is_unlabeled else event.time,
    )


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
