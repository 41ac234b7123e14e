"""How large a network may be, how many a project has, and the reserve of the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.limits import Limit, set_allowance
from designer import limits as network_limits
from netloom.graph.limits import MAX_NODES
from tests.api.designer.conftest import Json, add_relu, save
from tests.client import ApiClient

pytestmark = pytest.mark.django_db


def _document(num_nodes: int, *, in_block: bool) -> dict[str, Any]:
    # A node without a type: whoever reads on before counting answers `document_invalid`.
    nodes = {f"n{index}": {} for index in range(num_nodes)}
    graph = {"blocks": {"b": {"nodes": nodes}}} if in_block else {"nodes": nodes}
    return {"format": "netloom.network", "schema": 1, "graph": graph}


@pytest.mark.parametrize("path", ["/api/code", "/api/migrations"])
@pytest.mark.parametrize("in_block", [False, True])
def test_too_many_nodes_are_counted_first(api: ApiClient, path: str, in_block: bool) -> None:
    answer = api.post(path, {"document": _document(MAX_NODES + 1, in_block=in_block)})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_large")
    assert "20,001 nodes; 20,000 are allowed" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/code", "/api/migrations"])
@pytest.mark.parametrize(
    "graph", [None, 5, {"nodes": []}, {"blocks": 1}, {"blocks": {"b": 1}}, {"blocks": {"b": {}}}]
)
def test_counting_stumbles_over_nothing(api: ApiClient, path: str, graph: object) -> None:
    document = {"format": "netloom.network", "schema": 1, "graph": graph}
    assert api.post(path, {"document": document}).status_code in (200, 422)


def test_a_project_has_so_many_networks(
    api: ApiClient,
    project: Any,
    make_network: Callable[..., Json],
    limits: Callable[..., None],
) -> None:
    limits(project_networks=2)
    first, _ = make_network("One"), make_network("Two")
    networks = f"/api/projects/{project.id}/networks"
    duplicate = f"/api/networks/{first['id']}/duplicate"
    for path, body in ((networks, {"name": "Three"}), (duplicate, None)):
        refused = api.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
        assert refused.json()["data"] == {"quota": "networks", "present": 2, "most": 2}
        assert "NETLOOM_PROJECT_NETWORKS" in refused.json()["next_step"]
    # The bin is no way round: what lies there takes as much of the database.
    assert api.delete(f"/api/networks/{first['id']}").status_code == 204
    assert api.post(networks, {"name": "Three"}).status_code == 413
    set_allowance(Limit.NETWORKS, project, 3)
    assert api.post(networks, {"name": "Three"}).status_code == 201
    told = api.get(f"/api/projects/{project.id}/storage").json()["limits"]
    assert told == [{"name": "project_networks", "used": 3, "most": 3}]


def test_the_reserve_of_the_disk_is_kept(
    api: ApiClient,
    project: Any,
    make_network: Callable[..., Json],
    limits: Callable[..., None],
) -> None:
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}"
    version = api.post(f"{path}/versions", {"name": "First"}).json()
    assert save(api, network, [add_relu()]).status_code == 200
    network = api.get(path).json()
    limits(reserve_mb=1 << 40)
    for refused in (
        api.post(f"/api/projects/{project.id}/networks", {"name": "Two"}),
        api.post(f"{path}/duplicate"),
        api.post(f"{path}/versions", {"name": "Second"}),
        api.post(f"{path}/versions/{version['id']}/restore"),
        save(api, network, [add_relu("relu2")]),
    ):
        assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
    assert api.get(path).json()["revision"] == 1
    assert len(api.get(f"/api/projects/{project.id}/networks").json()) == 1


def test_saves_do_not_let_a_network_grow_without_end(
    api: ApiClient, make_network: Callable[..., Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make_network()
    monkeypatch.setattr(network_limits, "MAX_DOCUMENT_BYTES", 10_000)
    node = {"type": "ReLU", "name": "relu", "note": "x" * 4000}
    codes = []
    for index in range(4):
        operation = {"op": "add_node", "node_id": f"n{index}", "node": node}
        answer = save(api, {**network, "revision": index}, [operation])
        codes.append(answer.status_code)
        if answer.status_code != 200:
            assert answer.json()["code"] == "too_large"
            assert answer.json()["data"]["most_bytes"] == 10_000
            break
    assert codes == [200, 200, 422]
