from __future__ import annotations

from typing import Any

from designer import services
from designer.models import Comment
from netloom.graph.document import Document
from tests.security.routes import Route, World

EMPTY = Document().model_dump(mode="json")
OPERATIONS = {
    "base_revision": 0,
    "operations": [{"op": "set_graph_name", "name": "Renamed"}],
}

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
    "restore_network.network_id": _binned,
}
