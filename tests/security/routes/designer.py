from __future__ import annotations

from typing import Any

from designer import services
from netloom.graph.document import Document
from tests.security.routes import Route, World

EMPTY = Document().model_dump(mode="json")
OPERATIONS = {
    "base_revision": 0,
    "operations": [{"op": "set_graph_name", "name": "Renamed"}],
}

ROUTES = {
    "list_layers": Route("person"),
    "list_templates": Route("person"),
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
    "get_network_code": Route("view"),
    "list_versions": Route("view"),
    "create_version": Route("edit", {"name": "First"}),
    "get_version": Route("view"),
    "restore_version": Route("edit"),
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


OBJECTS = {
    "network_id": lambda world: network(world).id,
    "version_id": lambda world: version(world).id,
    "restore_network.network_id": _binned,
}
