from __future__ import annotations

import hashlib
import io
from typing import Any

from PIL import Image

from datasets import services
from datasets.models import Dataset, DatasetVersion, Import, Item
from storage.services import store_bytes
from tests.security.routes import Route, World


def _items(world: World) -> dict[str, Any]:
    return {"item_ids": [item(world).id]}


ROUTES = {
    "list_datasets": Route("view"),
    "create_dataset": Route("edit", {"name": "Photos"}),
    "get_dataset": Route("view"),
    "update_dataset": Route("edit", {"name": "Renamed"}),
    "delete_dataset": Route("edit"),
    "restore_dataset": Route("edit"),
    "create_class": Route("edit", {"name": "dog"}),
    "update_class": Route("edit", {"name": "dog"}),
    "delete_class": Route("edit"),
    "assign_splits": Route("edit", {"validation": 0.1, "test": 0.1}),
    "list_dataset_versions": Route("view"),
    "create_dataset_version": Route("edit", {"name": "First"}),
    "get_dataset_version": Route("view"),
    "get_dataset_statistics": Route("view"),
    "list_import_folders": Route("person"),
    "create_import": Route("edit", {"source": {"type": "folder", "path": "/nowhere"}}),
    "list_imports": Route("view"),
    "get_import": Route("view"),
    "list_items": Route("view"),
    "update_items": Route("edit", lambda world: {**_items(world), "split": "test"}),
    "delete_items": Route("edit", _items),
    "restore_items": Route("edit", _items),
    "get_item": Route("view"),
    "get_item_thumbnail": Route("view"),
    "get_item_image": Route("view"),
    "set_labels": Route("label", lambda world: {**_items(world), "class_id": cat(world).id}),
    "undo_labels": Route("label", {"event_ids": [1]}),
    "preview_augmentation": Route(
        "edit", {"augmentation": {}, "input": {"height": 8, "width": 8, "channels": 3}}
    ),
}


def dataset(world: World) -> Any:
    return world.once(
        "dataset",
        lambda: services.create_dataset(world.project, world.people["owner"], "Photos"),
    )


def cat(world: World) -> Any:
    return world.once("class", lambda: services.create_class(dataset(world), "cat"))


def item(world: World) -> Any:
    return world.once("item", lambda: _make_item(world))


def _make_item(world: World) -> Item:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG")
    data = buffer.getvalue()
    store_bytes(world.project, data)
    Dataset.objects.filter(pk=dataset(world).pk).update(num_items=1, num_train=1)
    return Item.objects.create(
        dataset=dataset(world),
        position=1,
        file_name="a.png",
        source="a.png",
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        format="PNG",
        mode="rgb",
        width=8,
        height=8,
        split="train",
        state="unlabeled",
    )


def dataset_version(world: World) -> Any:
    return world.once(
        "dataset version",
        lambda: DatasetVersion.objects.create(
            dataset=dataset(world),
            number=1,
            log_position=0,
            num_items=0,
            classes=[],
            splits={"train": 0, "validation": 0, "test": 0, "unassigned": 0},
            fingerprint="0" * 64,
        ),
    )


def _import(world: World) -> str:
    return Import.objects.create(
        dataset=dataset(world),
        source={"type": "folder", "path": "/nowhere"},
        options={},
        title="nowhere",
    ).id


def _binned(world: World) -> str:
    services.delete_dataset(dataset(world), None)
    return dataset(world).id


OBJECTS = {
    "dataset_id": lambda world: dataset(world).id,
    "class_id": lambda world: cat(world).id,
    "item_id": lambda world: item(world).id,
    "dataset_version_id": lambda world: dataset_version(world).id,
    "import_id": _import,
    "restore_dataset.dataset_id": _binned,
}
