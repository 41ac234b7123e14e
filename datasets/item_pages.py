"""Pages of items by key, one item with its history, a sample. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce

from common.addresses import api_address
from common.errors import Code, Problem
from datasets import schemas
from datasets.models import Dataset, Event, Item, ItemState, LabelClass, Split

ITEM_FIELDS = (
    "pk",
    "dataset_id",
    "position",
    "file_name",
    "source",
    "width",
    "height",
    "mode",
    "split",
    "state",
    "label_class_id",
    "label_origin",
    "label_author__name",
    "labeled_at",
    "group",
)
CURSOR = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")


@dataclass(frozen=True, slots=True)
class SampleItem:
    """An item that stands for its dataset; sizes in pixels."""

    id: str
    width: int
    height: int
    label_name: str | None
    thumbnail_url: str
    image_url: str


def item_page(
    dataset: Dataset,
    *,
    label: str | None = None,
    split: str | None = None,
    state: str | None = None,
    search: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
    order: str = "oldest",
) -> schemas.ItemPage:
    """A page of items that pass all filters. The cursor is a position: no page is slower.

    The cursor also carries the total of the first page: later ones count nothing.
    """
    filters = {
        name: value
        for name, value in (("label_class_id", label), ("split", split), ("state", state))
        if value is not None
    }
    found = _passing(dataset, filters)
    if search:
        found = found.filter(source__icontains=search)
    place, total = _read_cursor(cursor)
    following = found
    if place is not None:
        following = found.filter(**{"position__lt" if order == "newest" else "position__gt": place})
    ordered = following.order_by("-position" if order == "newest" else "position")
    rows = list(ordered.values(*ITEM_FIELDS)[: limit + 1])
    if total is None:
        is_whole = place is None and len(rows) <= limit
        is_counted = not search and len(filters) <= 1
        if is_whole:
            total = len(rows)
        elif is_counted:
            total = min(_counts(dataset, filters).values(), default=dataset.num_items)
        else:
            total = found.count()
    return schemas.ItemPage(
        items=[schemas.Item(**_item_fields(row)) for row in rows[:limit]],
        total=total,
        next=f"{rows[limit - 1]['position']}-{total}" if len(rows) > limit else None,
    )


def items_by_id(dataset_id: str, item_ids: Iterable[str]) -> dict[str, schemas.Item]:
    """Items of one dataset as lists show them, by id; for results that name items."""
    found = Item.objects.filter(dataset_id=dataset_id, pk__in=list(item_ids))
    return {row["pk"]: schemas.Item(**_item_fields(row)) for row in found.values(*ITEM_FIELDS)}


def item_detail(item: Item) -> schemas.ItemDetail:
    """An item with where it came from and everything said about it."""
    row = Item.objects.values(*ITEM_FIELDS).get(pk=item.pk)
    events = item.events.select_related("author").order_by("position")
    return schemas.ItemDetail(
        **_item_fields(row),
        size_bytes=item.size_bytes,
        sha256=item.sha256,
        format=item.format,
        is_referenced=bool(item.reference),
        created_at=item.created_at,
        history=[_event(event) for event in events],
    )


def sample_item(dataset: Dataset) -> SampleItem | None:
    """A labeled item for training where there is one, else the first."""
    found = Item.objects.filter(dataset=dataset, is_removed=False).order_by("position")
    preferred = found.filter(split=Split.TRAIN, state=ItemState.LABELED)
    item = preferred.select_related("label_class").first() or found.first()
    if item is None:
        return None
    return SampleItem(
        id=item.pk,
        width=item.width,
        height=item.height,
        label_name=item.label_class.name if item.label_class else None,
        thumbnail_url=thumbnail_url(item.pk),
        image_url=image_url(item.pk),
    )


def thumbnail_url(item_id: str) -> str:
    """Address of the thumbnail."""
    return api_address(f"/items/{item_id}/thumbnail")


def image_url(item_id: str) -> str:
    """Address of the upright image."""
    return api_address(f"/items/{item_id}/image")


def _passing(dataset: Dataset, filters: Mapping[str, str]) -> QuerySet[Item]:
    """Items in the dataset, outside of the bin, that pass.

    The rarest value is what the index seeks. The others are hidden in an expression: the planner
    of SQLite, which keeps no statistics, would else take the index of a value that most items have.
    """
    found = Item.objects.filter(dataset=dataset, is_removed=False)
    if not filters:
        return found
    counts = _counts(dataset, filters) if len(filters) > 1 else dict.fromkeys(filters, 0)
    rarest = min(counts, key=lambda name: counts[name])
    found = found.filter(**{rarest: filters[rarest]})
    for name, value in filters.items():
        if name != rarest:
            found = found.alias(**{f"{name}_told": Coalesce(F(name), Value(""))})
            found = found.filter(**{f"{name}_told": value})
    return found


def _counts(dataset: Dataset, filters: Mapping[str, str]) -> dict[str, int]:
    """How many items have each value, from the counters."""
    assigned = dataset.num_train + dataset.num_validation + dataset.num_test
    told = dataset.num_labeled + dataset.num_reviewed_empty
    known: dict[str, int] = {
        Split.TRAIN: dataset.num_train,
        Split.VALIDATION: dataset.num_validation,
        Split.TEST: dataset.num_test,
        Split.UNASSIGNED: dataset.num_items - assigned,
        ItemState.LABELED: dataset.num_labeled,
        ItemState.REVIEWED_EMPTY: dataset.num_reviewed_empty,
        ItemState.UNLABELED: dataset.num_items - told,
    }
    counts = {name: known[value] for name, value in filters.items() if name != "label_class_id"}
    if "label_class_id" in filters:
        named = LabelClass.objects.filter(dataset=dataset, pk=filters["label_class_id"])
        counts["label_class_id"] = named.values_list("num_items", flat=True).first() or 0
    return counts


def _read_cursor(cursor: str | None) -> tuple[int | None, int | None]:
    """The position after which a page goes on, and the total as the first page counted it."""
    if cursor is None:
        return None, None
    read = CURSOR.fullmatch(cursor)
    if read is None:
        raise Problem(Code.INVALID, "The cursor is not one of this list.", "Start again.")
    place, total = read.groups()
    return int(place), None if total is None else int(total)


def _item_fields(row: dict[str, Any]) -> dict[str, Any]:
    label = None
    if row["label_class_id"] is not None:
        label = schemas.Label(
            class_id=row["label_class_id"],
            origin=row["label_origin"],
            author=row["label_author__name"],
            time=row["labeled_at"],
        )
    return {
        "id": row["pk"],
        "dataset_id": row["dataset_id"],
        "file_name": row["file_name"],
        "source": row["source"],
        "width": row["width"],
        "height": row["height"],
        "mode": row["mode"],
        "split": row["split"],
        "state": row["state"],
        "label": label,
        "group": row["group"],
        "thumbnail_url": thumbnail_url(row["pk"]),
        "image_url": image_url(row["pk"]),
    }


def _event(event: Event) -> schemas.ItemEvent:
    return schemas.ItemEvent.model_validate(
        {
            "event_id": event.position,
            "kind": event.kind,
            "class_id": event.label_class_id,
            "state": event.state,
            "split": event.split,
            "origin": event.origin,
            "author": event.author.name if event.author else None,
            "time": event.time,
        }
    )
