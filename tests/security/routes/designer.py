from __future__ import annotations

from typing import Any

from designer import services
from designer.models import Comment, WeightFile, WeightSet
from designer.zoo import zoo_folder
from netloom.formats.bundle import make_meta, write_bundle
from netloom.graph.document import Document
from storage import uploads
from storage.services import store_bytes
from tests.security.routes import Route, World

EMPTY = Document().model_dump(mode="json")
OPERATIONS = {
    "base_revision": 0,
    "operations": [{"op": "set_graph_name", "name": "Renamed"}],
}


def _network_file(world: World) -> dict[str, Any]:
    """An upload of whoever asks; for those who may not, any name will do."""
    person = world.people.get(world.role)
    if world.role not in ("editor", "owner"):
        return {"project_id": world.project.id, "upload_id": "none"}
    upload = uploads.create_upload(person, world.project, file_name="net.zip", size_bytes=0)
    return {"project_id": world.project.id, "upload_id": upload.id}


def _for_network(world: World) -> dict[str, Any]:
    return {"network_id": network(world).id}


ROUTES = {
    "list_layers": Route("person"),
    "list_blocks": Route("person"),
    "list_templates": Route("person"),
    "preview_template": Route("person"),
    "list_networks": Route("view"),
    "create_network": Route("edit", {"name": "Drawn"}),
    "get_network": Route("view"),
    "update_network": Route("edit", {"name": "Renamed"}),
    "delete_network": Route("edit"),
    "restore_network": Route("edit"),
    "duplicate_network": Route("edit"),
    "save_operations": Route("edit", OPERATIONS),
    "list_operations": Route("view"),
    "list_revisions": Route("view"),
    "analyze_document": Route("person", {"document": EMPTY}),
    "list_surgery_acts": Route("person"),
    "plan_surgery": Route("person", {"document": EMPTY, "act": "replace_head"}),
    "migrate_document": Route("person", {"document": EMPTY}),
    "generate_code": Route("person", {"document": EMPTY}),
    "generate_notebook": Route("person", {"document": EMPTY}),
    "read_code": Route("person", {"document": EMPTY, "source": ""}),
    "get_network_code": Route("view"),
    "list_versions": Route("view"),
    "create_version": Route("edit", {"name": "First"}),
    "get_version": Route("view"),
    "restore_version": Route("edit"),
    "compare_network_states": Route("view", {"before": {"revision": 0}}),
    "merge_network_states": Route(
        "edit", {"theirs": {"document": EMPTY}, "base": {"document": EMPTY}}
    ),
    "branch_network": Route("edit", {"name": "Branch"}),
    "restore_revision": Route("edit"),
    "list_comments": Route("view"),
    "start_thread": Route(
        "label",
        {"text": "Why?", "region": {"x": 0, "y": 0, "width_px": 10, "height_px": 10}},
    ),
    "reply_to_comment": Route("label", {"text": "Because."}),
    "change_comment": Route("label", {"text": "Changed"}),
    "delete_comment": Route("label"),
    "import_network": Route("edit", _network_file),
    "list_weight_sets": Route("view"),
    "get_weight_set": Route("view"),
    "list_zoo": Route("person"),
    "get_zoo_entry": Route("person"),
    "open_zoo_entry": Route("edit", lambda world: {"project_id": world.project.id}),
    "list_weight_files": Route("view"),
    "get_weight_file": Route("view"),
    "delete_weight_file": Route("edit"),
    "match_weight_file": Route("view", _for_network),
    "load_weight_file": Route("edit", _for_network),
    "get_network_sample": Route("view", may_be_missing=True),
}


def network(world: World) -> Any:
    return world.once(
        "network",
        lambda: services.create_network(
            world.project, world.people["owner"], "Drawn", template="mlp"
        ),
    )


def version(world: World) -> Any:
    return world.once(
        "version",
        lambda: services.create_version(network(world), world.people["owner"], "First"),
    )


def weight_set(world: World) -> str:
    """Weights of the network, of no tensors."""
    made = WeightSet.objects.create(
        network=network(world),
        blob=store_bytes(world.project, b"no weights"),
        document=network(world).document,
        source="net.zip",
        format="Netloom bundle",
        report={"format": "Netloom bundle"},
    )
    return made.pk


def zoo_entry(_: World) -> str:
    """The name of a bundle that lies in the zoo's folder."""
    document = Document.model_validate(EMPTY)
    folder = zoo_folder()
    folder.mkdir(exist_ok=True)
    write_bundle(folder / "Drawn.zip", document, {}, make_meta(document))
    return "Drawn"


def weight_file(world: World) -> str:
    """Weights that wait for a network, of no tensors."""
    made = WeightFile.objects.create(
        project=world.project,
        blob=store_bytes(world.project, b"no weights either"),
        source="weights.pt",
        format="PyTorch weights",
    )
    return made.pk


def _binned(world: World) -> str:
    services.delete_network(network(world), None)
    return network(world).id


def comment(world: World) -> str:
    """A remark of the person who asks, since nobody edits what another said."""
    writer = world.people.get(world.role, world.people["owner"])
    made = Comment.objects.create(network=network(world), author=writer, text="Why?")
    return made.pk


OBJECTS = {
    "comment_id": comment,
    "revision": lambda world: str(network(world).revision),
    "network_id": lambda world: network(world).id,
    "template_id": lambda _: "mlp",
    "version_id": lambda world: version(world).id,
    "weight_set_id": weight_set,
    "weight_file_id": weight_file,
    "restore_network.network_id": _binned,
    "provider": lambda _: "bundles",
    "get_zoo_entry.name": zoo_entry,
    "open_zoo_entry.name": zoo_entry,
}
