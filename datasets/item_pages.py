"""Pages of items by key, one item with its history, a sample. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from common.errors import Code, Problem
from datasets import schemas
from datasets.models import Dataset, Event, Item, ItemState, LabelClass, Split

ITEM_FIELDS = (
    "pk",
    "dataset_id",
    "position",
    "file_name",
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
    """A page of items that pass all filters. The cursor is a position: no page is slower."""
    found = Item.objects.filter(dataset=dataset, is_removed=False)
    if label is not None:
        found = found.filter(label_class_id=label)
    if split is not None:
        found = found.filter(split=split)
    if state is not None:
        found = found.filter(state=state)
    if search:
        found = found.filter(source__icontains=search)
    total = _total(dataset, found, label=label, split=split, state=state, search=search)
    if cursor is not None:
        place = _position(cursor)
        found = found.filter(**{"position__lt" if order == "newest" else "position__gt": place})
    ordered = found.order_by("-position" if order == "newest" else "position")
    rows = list(ordered.values(*ITEM_FIELDS)[: limit + 1])
    return schemas.ItemPage(
        items=[schemas.Item(**_item_fields(row)) for row in rows[:limit]],
        total=total,
        next=str(rows[limit - 1]["position"]) if len(rows) > limit else None,
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
        source=item.source,
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
    """Address of the thumbnail, relative to where the API is mounted."""
    return f"/api/items/{item_id}/thumbnail"


def image_url(item_id: str) -> str:
    """Address of the upright image."""
    return f"/api/items/{item_id}/image"


def _total(
    dataset: Dataset,
    found: QuerySet[Item],
    *,
    label: str | None,
    split: str | None,
    state: str | None,
    search: str | None,
) -> int:
    """Count what passes; a single filter is answered by a counter."""
    chosen = {
        name: value
        for name, value in (("label", label), ("split", split), ("state", state))
        if value
    }
    if search or len(chosen) > 1:
        return found.count()
    if not chosen:
        return dataset.num_items
    if label is not None:
        counts = LabelClass.objects.filter(dataset=dataset, pk=label)
        return counts.values_list("num_items", flat=True).first() or 0
    if state is not None:
        known = dataset.num_labeled + dataset.num_reviewed_empty
        return {
            ItemState.LABELED: dataset.num_labeled,
            ItemState.REVIEWED_EMPTY: dataset.num_reviewed_empty,
        }.get(ItemState(state), dataset.num_items - known)
    assigned = dataset.num_train + dataset.num_validation + dataset.num_test
    return {
        Split.TRAIN: dataset.num_train,
        Split.VALIDATION: dataset.num_validation,
        Split.TEST: dataset.num_test,
    }.get(Split(split or ""), dataset.num_items - assigned)


def _position(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > 18:
        raise Problem(Code.INVALID, "The cursor is not one of this list.", "Start again.")
    return int(cursor)


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
