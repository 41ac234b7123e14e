from __future__ import annotations

from designer.models import Network, Version
from designer.services import create_network, create_version
from netloom.templates import make_template
from tests.security.routes import Route, World
from tests.security.routes.datasets import make_dataset

DOCUMENT = make_template("mlp", channels=1, height=8, width=8, num_classes=2).model_dump(
    mode="json", by_alias=True
)


def _network(world: World) -> Network:
    return world.once(
        "network",
        lambda: create_network(
            world.project,
            world.people["owner"],
            "Guarded",
            document=DOCUMENT,
            dataset=make_dataset(world),
        ),
    )


def _version(world: World) -> Version:
    return world.once("version", lambda: create_version(_network(world), None, "Guarded"))


OPERATIONS = {
    "base_revision": 0,
    "operations": [{"op": "set_graph_name", "name": "Renamed"}],
}

ROUTES = {
    "list_layers": Route("person"),
    "list_templates": Route("person"),
    "list_networks": Route("view"),
    "create_network": Route("edit", {"name": "Another"}),
    "get_network": Route("view"),
    "update_network": Route("edit", {"name": "Renamed"}),
    "delete_network": Route("edit"),
    "restore_network": Route("edit"),
    "duplicate_network": Route("edit"),
    "save_operations": Route("edit", OPERATIONS),
    "list_operations": Route("view"),
    "list_revisions": Route("view"),
    "analyze_document": Route("person", {"document": DOCUMENT}),
    "migrate_document": Route("person", {"document": DOCUMENT}),
    "get_network_code": Route("view"),
    "generate_code": Route("person", {"document": DOCUMENT}),
    "list_versions": Route("view"),
    "create_version": Route("edit", {"name": "First"}),
    "get_version": Route("view"),
    "restore_version": Route("edit"),
    "get_network_sample": Route("view"),
}

OBJECTS = {
    "network_id": lambda world: _network(world).pk,
    "version_id": lambda world: _version(world).pk,
}
