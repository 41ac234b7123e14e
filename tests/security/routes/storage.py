from __future__ import annotations

from storage import uploads
from tests.security.routes import Route, World


def _announcement(world: World) -> dict[str, object]:
    return {"project_id": world.project.id, "file_name": "a.png", "size_bytes": 4}


ROUTES = {
    "create_upload": Route("edit", _announcement),
    "get_upload": Route("mine"),
    "append_to_upload": Route("mine", b"data", query="offset=0"),
    "discard_upload": Route("mine"),
}


def _upload(world: World) -> str:
    owner = world.people["owner"]
    return uploads.create_upload(owner, world.project, file_name="a.png", size_bytes=4).id


OBJECTS = {"upload_id": _upload}
