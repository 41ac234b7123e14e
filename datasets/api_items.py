"""Items: pages of the gallery, pictures, labels, splits, the bin."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http.response import HttpResponseBase
from ninja import Query, Router, Status
from pydantic import Field

from accounts.auth import PersonRequest
from datasets import labels, pictures, previews, schemas, selectors, services
from datasets.access import access_dataset, access_item
from jobs.schemas import JobOut
from jobs.selectors import job_out

router = Router(tags=["items"])


class ItemFilter(schemas.Schema):
    """`label` is a class id. `cursor` is the `next` of the page before."""

    label: str | None = None
    split: schemas.Split | None = None
    state: schemas.ItemState | None = None
    search: Annotated[str, Field(max_length=200)] | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    order: Literal["oldest", "newest"] = "oldest"


@router.get("/datasets/{dataset_id}/items", response=schemas.ItemPage, operation_id="list_items")
def list_items(
    request: PersonRequest, dataset_id: str, filters: Query[ItemFilter]
) -> schemas.ItemPage:
    """A page of items in the order they were brought in."""
    dataset = access_dataset(request.person, dataset_id, "view")
    return selectors.item_page(dataset, **filters.model_dump())


@router.get("/items/{item_id}", response=schemas.ItemDetail, operation_id="get_item")
def get_item(request: PersonRequest, item_id: str) -> schemas.ItemDetail:
    """An item with where it came from and everything said about it."""
    return selectors.item_detail(access_item(request.person, item_id, "view"))


@router.get("/items/{item_id}/thumbnail", operation_id="get_item_thumbnail", response={200: None})
def get_item_thumbnail(request: PersonRequest, item_id: str) -> HttpResponseBase:
    """WebP of at most 128 px."""
    return pictures.picture_response(
        request, access_item(request.person, item_id, "view"), "thumbnail"
    )


@router.get("/items/{item_id}/image", operation_id="get_item_image", response={200: None})
def get_item_image(request: PersonRequest, item_id: str) -> HttpResponseBase:
    """WebP of at most 2048 px, upright, re-encoded: never the bytes somebody uploaded."""
    return pictures.picture_response(request, access_item(request.person, item_id, "view"), "view")


@router.post("/datasets/{dataset_id}/labels", response=schemas.LabelsSet, operation_id="set_labels")
def set_labels(
    request: PersonRequest, dataset_id: str, payload: schemas.LabelsIn
) -> schemas.LabelsSet:
    """Set or take the class of many items; items that already have it are left alone."""
    dataset = access_dataset(request.person, dataset_id, "label")
    event_ids = labels.set_labels(
        dataset,
        request.person,
        payload.item_ids,
        payload.class_id,
        is_reviewed_empty=payload.state == "reviewed_empty",
    )
    return schemas.LabelsSet(event_ids=event_ids, changed=len(event_ids))


@router.post(
    "/datasets/{dataset_id}/labels/undo",
    response=schemas.LabelsUndone,
    operation_id="undo_labels",
)
def undo_labels(
    request: PersonRequest, dataset_id: str, payload: schemas.UndoIn
) -> schemas.LabelsUndone:
    """Take label events back by new events; undoing those does it again."""
    dataset = access_dataset(request.person, dataset_id, "label")
    event_ids = labels.undo_labels(dataset, request.person, payload.event_ids)
    return schemas.LabelsUndone(event_ids=event_ids, changed=len(event_ids))


@router.patch(
    "/datasets/{dataset_id}/items", response=schemas.ItemsChanged, operation_id="update_items"
)
def update_items(
    request: PersonRequest, dataset_id: str, payload: schemas.ItemsChange
) -> schemas.ItemsChanged:
    """Put items into a split by hand."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    changed = services.set_split(dataset, request.person, payload.item_ids, payload.split)
    return schemas.ItemsChanged(changed=changed)


@router.delete(
    "/datasets/{dataset_id}/items", response=schemas.ItemsChanged, operation_id="delete_items"
)
def delete_items(
    request: PersonRequest, dataset_id: str, payload: schemas.ItemSelection
) -> schemas.ItemsChanged:
    """Move items to the bin; pinned versions keep them."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    changed = services.remove_items(dataset, request.person, payload.item_ids)
    return schemas.ItemsChanged(changed=changed)


@router.post(
    "/datasets/{dataset_id}/items/restore",
    response=schemas.ItemsChanged,
    operation_id="restore_items",
)
def restore_items(
    request: PersonRequest, dataset_id: str, payload: schemas.ItemSelection
) -> schemas.ItemsChanged:
    """Take items out of the bin."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    changed = services.restore_items(dataset, request.person, payload.item_ids)
    return schemas.ItemsChanged(changed=changed)


@router.post(
    "/datasets/{dataset_id}/augmentation-preview",
    response={202: JobOut},
    operation_id="preview_augmentation",
)
def preview_augmentation(
    request: PersonRequest, dataset_id: str, payload: schemas.AugmentationPreview
) -> Status[JobOut]:
    """Show real samples as training would see them."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    return Status(202, job_out(previews.start_preview(dataset, request.person, payload)))
