"""Networks made through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import ApiClient

Json = dict[str, Any]


@pytest.fixture
def make_network(api: ApiClient, project: Any) -> Callable[..., Json]:
    """Make a network: `make_network(template="mlp")`."""

    def make(name: str = "Net", **fields: Any) -> Json:
        answer = api.post(f"/api/projects/{project.id}/networks", {"name": name, **fields})
        assert answer.status_code == 201, answer.content
        return answer.json()

    return make


def add_relu(node_id: str = "relu1") -> Json:
    """An operation that always fits."""
    node = {"type": "ReLU", "name": f"act_{node_id}"}
    return {"op": "add_node", "node_id": node_id, "node": node, "position": {"x": 1, "y": 2}}


def save(api: ApiClient, network: Json, operations: list[Json], **fields: Any) -> Any:
    body = {"base_revision": network["revision"], "operations": operations, **fields}
    return api.post(f"/api/networks/{network['id']}/operations", body)
