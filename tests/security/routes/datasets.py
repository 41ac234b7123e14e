from __future__ import annotations

from datasets.models import Dataset, DatasetVersion, Import, Item, LabelClass
from datasets.services import pin_version
from storage import uploads
from tests.security.routes import Route, World


def make_dataset(world: World) -> Dataset:
    """A dataset with a class and an item."""

    def make() -> Dataset:
        dataset = Dataset.objects.create(
            project=world.project, name="Guarded", num_items=1, num_train=1
        )
        LabelClass.objects.create(dataset=dataset, name="cat", color="#000000", order=0)
        Item.objects.create(
            dataset=dataset,
            position=1,
            file_name="a.png",
            source="a.png",
            sha256="1" * 64,
            size_bytes=1,
            format="PNG",
            mode="rgb",
            width=8,
            height=8,
            split="train",
            state="unlabeled",
        )
        return dataset

    return world.once("dataset", make)


def _item_ids(world: World) -> list[str]:
    return [make_dataset(world).items.get().pk]


def _labels(world: World) -> dict[str, object]:
    return {"item_ids": _item_ids(world), "class_id": make_dataset(world).classes.get().pk}


def _import(world: World) -> dict[str, object]:
    """Everybody's own upload: that it is not another's is not what is tested here."""
    person = world.people.get(world.role, world.people["owner"])
    upload = uploads.create_upload(person, world.project, file_name="a.png", size_bytes=0)
    return {"source": {"type": "upload", "upload_ids": [upload.id]}}


def _version(world: World) -> DatasetVersion:
    return world.once("pinned", lambda: pin_version(make_dataset(world), world.people["owner"]))


ROUTES = {
    "list_datasets": Route("view"),
    "create_dataset": Route("edit", {"name": "Another"}),
    "get_dataset": Route("view"),
    "update_dataset": Route("edit", {"name": "Renamed"}),
    "delete_dataset": Route("edit"),
    "restore_dataset": Route("edit"),
    "create_class": Route("edit", {"name": "dog"}),
    "update_class": Route("edit", {"name": "dog"}),
    "delete_class": Route("edit"),
    "assign_splits": Route("edit", {"validation": 0.1, "test": 0.1}),
    "list_dataset_versions": Route("view"),
    "create_dataset_version": Route("edit", {}),
    "get_dataset_version": Route("view"),
    "get_dataset_statistics": Route("view"),
    "list_import_folders": Route("person"),
    "create_import": Route("edit", _import),
    "list_imports": Route("view"),
    "get_import": Route("view"),
    "list_items": Route("view"),
    "get_item": Route("view"),
    "get_item_thumbnail": Route("view"),
    "get_item_image": Route("view"),
    "set_labels": Route("label", _labels),
    "undo_labels": Route("label", {"event_ids": [1]}),
    "update_items": Route("edit", lambda world: {"item_ids": _item_ids(world), "split": "test"}),
    "delete_items": Route("edit", lambda world: {"item_ids": _item_ids(world)}),
    "restore_items": Route("edit", lambda world: {"item_ids": _item_ids(world)}),
    "preview_augmentation": Route(
        "edit", {"augmentation": {"horizontal_flip": True}, "input": {"height": 8, "width": 8}}
    ),
}

OBJECTS = {
    "dataset_id": lambda world: make_dataset(world).pk,
    "class_id": lambda world: make_dataset(world).classes.get().pk,
    "item_id": lambda world: _item_ids(world)[0],
    "import_id": lambda world: (
        Import.objects.create(dataset=make_dataset(world), source={}, options={}, title="a.png").pk
    ),
    "dataset_version_id": lambda world: _version(world).pk,
}
