"""The data endpoints. Items, imports and labels have files of their own; all share one router."""

from __future__ import annotations

from ninja import Router, Status

from accounts.access import access_project
from accounts.auth import PersonRequest
from datasets import schemas, selectors, services
from datasets.access import access_class, access_dataset, access_dataset_version
from datasets.api_imports import router as imports_router
from datasets.api_items import router as items_router

router = Router(tags=["datasets"])
router.add_router("", imports_router)
router.add_router("", items_router)


@router.get(
    "/projects/{project_id}/datasets",
    response=list[schemas.DatasetSummary],
    operation_id="list_datasets",
)
def list_datasets(
    request: PersonRequest, project_id: str, is_deleted: bool = False
) -> list[schemas.DatasetSummary]:
    """The project's datasets, last changed first; or those in the bin."""
    project = access_project(request.person, project_id, "view")
    return selectors.dataset_list(project, is_deleted=is_deleted)


@router.post(
    "/projects/{project_id}/datasets",
    response={201: schemas.Dataset},
    operation_id="create_dataset",
)
def create_dataset(
    request: PersonRequest, project_id: str, payload: schemas.NewDataset
) -> Status[schemas.Dataset]:
    """Make an empty dataset."""
    project = access_project(request.person, project_id, "edit")
    dataset = services.create_dataset(project, request.person, payload.name)
    return Status(201, selectors.dataset(dataset, request.person))


@router.get("/datasets/{dataset_id}", response=schemas.Dataset, operation_id="get_dataset")
def get_dataset(request: PersonRequest, dataset_id: str) -> schemas.Dataset:
    """A dataset with its classes and counts."""
    dataset = access_dataset(request.person, dataset_id, "view")
    return selectors.dataset(dataset, request.person)


@router.patch("/datasets/{dataset_id}", response=schemas.Dataset, operation_id="update_dataset")
def update_dataset(
    request: PersonRequest, dataset_id: str, payload: schemas.DatasetChange
) -> schemas.Dataset:
    """Rename a dataset."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    services.rename_dataset(dataset, payload.name)
    return selectors.dataset(dataset, request.person)


@router.delete("/datasets/{dataset_id}", response={204: None}, operation_id="delete_dataset")
def delete_dataset(request: PersonRequest, dataset_id: str) -> Status[None]:
    """Move a dataset to the bin; runs that used it keep working."""
    services.delete_dataset(access_dataset(request.person, dataset_id, "edit"), request.person)
    return Status(204, None)


@router.post(
    "/datasets/{dataset_id}/restore", response=schemas.Dataset, operation_id="restore_dataset"
)
def restore_dataset(request: PersonRequest, dataset_id: str) -> schemas.Dataset:
    """Take a dataset out of the bin."""
    dataset = access_dataset(request.person, dataset_id, "edit", in_bin=True)
    services.restore_dataset(dataset)
    return selectors.dataset(dataset, request.person)


@router.post(
    "/datasets/{dataset_id}/classes",
    response={201: schemas.LabelClass},
    operation_id="create_class",
)
def create_class(
    request: PersonRequest, dataset_id: str, payload: schemas.NewClass
) -> Status[schemas.LabelClass]:
    """Add a class at the end of the order."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    made = services.create_class(dataset, payload.name, payload.color)
    return Status(201, selectors.label_class(made))


@router.patch(
    "/datasets/{dataset_id}/classes/{class_id}",
    response=schemas.LabelClass,
    operation_id="update_class",
)
def update_class(
    request: PersonRequest, dataset_id: str, class_id: str, payload: schemas.ClassChange
) -> schemas.LabelClass:
    """Rename, recolour or move a class."""
    label_class = access_class(request.person, dataset_id, class_id, "edit")
    services.update_class(label_class, name=payload.name, color=payload.color, order=payload.order)
    return selectors.label_class(label_class)


@router.delete(
    "/datasets/{dataset_id}/classes/{class_id}",
    response={204: None},
    operation_id="delete_class",
)
def delete_class(request: PersonRequest, dataset_id: str, class_id: str) -> Status[None]:
    """Remove a class that no item has; 409 `class_in_use` otherwise."""
    services.delete_class(access_class(request.person, dataset_id, class_id, "edit"))
    return Status(204, None)


@router.post(
    "/datasets/{dataset_id}/splits",
    response=schemas.SplitsAssigned,
    operation_id="assign_splits",
)
def assign_splits(
    request: PersonRequest, dataset_id: str, payload: schemas.SplitRatio
) -> schemas.SplitsAssigned:
    """Decide the split of items that have none; assigned ones never move."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    assigned = services.assign_splits(
        dataset, request.person, validation=payload.validation, test=payload.test
    )
    return schemas.SplitsAssigned(assigned=assigned, splits=selectors.split_counts(dataset))


@router.get(
    "/datasets/{dataset_id}/versions",
    response=list[schemas.DatasetVersion],
    operation_id="list_dataset_versions",
)
def list_dataset_versions(request: PersonRequest, dataset_id: str) -> list[schemas.DatasetVersion]:
    """Pinned versions, newest first."""
    return selectors.version_list(access_dataset(request.person, dataset_id, "view"))


@router.post(
    "/datasets/{dataset_id}/versions",
    response={201: schemas.DatasetVersion},
    operation_id="create_dataset_version",
)
def create_dataset_version(
    request: PersonRequest, dataset_id: str, payload: schemas.NewDatasetVersion
) -> Status[schemas.DatasetVersion]:
    """Pin the present state; the version of an unchanged dataset is used again."""
    dataset = access_dataset(request.person, dataset_id, "edit")
    version = services.pin_version(dataset, request.person, payload.name)
    return Status(201, selectors.version(version))


@router.get(
    "/dataset-versions/{dataset_version_id}",
    response=schemas.DatasetVersion,
    operation_id="get_dataset_version",
)
def get_dataset_version(request: PersonRequest, dataset_version_id: str) -> schemas.DatasetVersion:
    """One pinned version."""
    return selectors.version(access_dataset_version(request.person, dataset_version_id, "view"))


@router.get(
    "/datasets/{dataset_id}/statistics",
    response=schemas.Statistics,
    operation_id="get_dataset_statistics",
)
def get_dataset_statistics(request: PersonRequest, dataset_id: str) -> schemas.Statistics:
    """Class balance per split, image sizes, and what deserves a look."""
    return selectors.statistics(access_dataset(request.person, dataset_id, "view"))
