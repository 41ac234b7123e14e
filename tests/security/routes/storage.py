from __future__ import annotations

from accounts.services import delete_project
from storage import uploads
from storage.bin import put_in
from tests.security.routes import Route, World
from tests.security.routes.designer import network


def _announcement(world: World) -> dict[str, object]:
    return {"project_id": world.project.id, "file_name": "a.png", "size_bytes": 4}


ROUTES = {
    "create_upload": Route("edit", _announcement),
    "get_upload": Route("mine"),
    "append_to_upload": Route("mine", b"data", query="offset=0"),
    "discard_upload": Route("mine"),
    "get_storage": Route("person"),
    "get_project_storage": Route("view"),
    "free_project_storage": Route("own", {"what": "bundles"}),
    "list_bin": Route("view"),
    "empty_bin": Route("own"),
    "purge_thing": Route("own"),
    "list_binned_projects": Route("person"),
    "restore_project": Route("own"),
    "purge_project": Route("own"),
}


def _upload(world: World) -> str:
    owner = world.people["owner"]
    return uploads.create_upload(owner, world.project, file_name="a.png", size_bytes=4).id


def _binned_network(world: World) -> str:
    made = network(world)
    put_in(made, world.people["owner"])
    return made.pk


def _binned_project(world: World) -> str:
    delete_project(world.project, world.people["owner"])
    return world.project.pk


OBJECTS = {
    "upload_id": _upload,
    "kind": lambda world: "network",
    "thing_id": _binned_network,
    "restore_project.project_id": _binned_project,
    "purge_project.project_id": _binned_project,
}
