"""Saving: revisions, conflicts with both sides, refusals, history, going back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.designer.conftest import add_relu, save
from tests.client import ApiClient

pytestmark = pytest.mark.django_db

Json = dict[str, Any]


def test_a_save_is_a_revision(api: ApiClient, make_network: Callable[..., Json]) -> None:
    network = make_network(template="mlp")
    answer = save(api, network, [add_relu()], gesture="Add ReLU", client_id="tab1")
    assert answer.status_code == 200, answer.content
    assert answer.json()["revision"] == 1
    assert "relu1" in answer.json()["analysis"]["nodes"]
    stored = api.get(f"/api/networks/{network['id']}").json()
    assert stored["revision"] == 1
    assert stored["document"]["graph"]["nodes"]["relu1"]["type"] == "ReLU"
    history = api.get(f"/api/networks/{network['id']}/revisions").json()
    assert [(each["gesture"], each["author"]) for each in history["items"]] == [("Add ReLU", "Ada")]


def test_a_conflict_answers_with_both_sides(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    network = make_network(template="mlp")
    assert save(api, network, [add_relu("one")], client_id="a").status_code == 200
    answer = save(api, network, [add_relu("two")], client_id="b")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "revision_conflict"
    assert problem["data"]["revision"] == 1
    assert "one" in problem["data"]["document"]["graph"]["nodes"]
    assert [each["operations"][0]["node_id"] for each in problem["data"]["operations_since"]] == [
        "one"
    ]
    stored = api.get(f"/api/networks/{network['id']}").json()
    assert "two" not in stored["document"]["graph"]["nodes"]


def test_a_repeated_request_of_the_same_tab_is_answered_again(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    network = make_network(template="mlp")
    first = save(api, network, [add_relu()], client_id="tab1")
    again = save(api, network, [add_relu()], client_id="tab1")
    assert again.status_code == 200
    assert again.json() == first.json()
    assert api.get(f"/api/networks/{network['id']}").json()["revision"] == 1


def test_a_refused_operation_changes_nothing(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    network = make_network(template="mlp")
    answer = save(api, network, [add_relu("one"), {"op": "remove_node", "node_id": "nobody"}])
    assert answer.status_code == 422
    assert answer.json()["code"] == "operation_refused"
    assert "nobody" in answer.json()["detail"]
    stored = api.get(f"/api/networks/{network['id']}").json()
    assert stored["document"] == network["document"]
    assert stored["revision"] == 0


def test_an_unknown_operation_is_named(api: ApiClient, make_network: Callable[..., Json]) -> None:
    answer = save(api, make_network(), [{"op": "explode"}])
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_catching_up_after_a_gap(api: ApiClient, make_network: Callable[..., Json]) -> None:
    network = make_network(template="mlp")
    for number in range(3):
        network["revision"] = number
        assert save(api, network, [add_relu(f"n{number}")]).status_code == 200
    missed = api.get(f"/api/networks/{network['id']}/operations?since=1").json()
    assert missed["revision"] == 3
    assert [each["revision"] for each in missed["saves"]] == [2, 3]


def test_history_pages_by_key(api: ApiClient, make_network: Callable[..., Json]) -> None:
    network = make_network(template="mlp")
    for number in range(5):
        network["revision"] = number
        save(api, network, [add_relu(f"n{number}")])
    path = f"/api/networks/{network['id']}/revisions"
    first = api.get(f"{path}?limit=3").json()
    assert [each["revision"] for each in first["items"]] == [5, 4, 3]
    rest = api.get(f"{path}?limit=3&cursor={first['next']}").json()
    assert [each["revision"] for each in rest["items"]] == [2, 1]
    assert rest["next"] is None
    assert first["total"] == 5


def test_going_back_to_a_version_loses_nothing(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    network = make_network(template="small_resnet")
    path = f"/api/networks/{network['id']}"
    version = api.post(f"{path}/versions", {"name": "Before"}).json()
    other = make_network(template="lenet5")["document"]
    # Everything is replaced, the block definition included.
    from designer.services import OPERATIONS
    from netloom.graph.between import operations_between
    from netloom.graph.migrations import load_document

    rewrite = operations_between(load_document(network["document"]), load_document(other))
    operations = OPERATIONS.dump_python(rewrite, mode="json", by_alias=True)
    assert save(api, network, operations).status_code == 200
    changed = api.get(path).json()
    assert changed["document"] == other

    back = api.post(f"{path}/versions/{version['id']}/restore").json()
    assert back["document"] == network["document"]
    assert back["revision"] == 2
    saves = api.get(f"{path}/operations?since=0").json()["saves"]
    assert [each["revision"] for each in saves] == [1, 2]
    assert saves[1]["gesture"] == "Restore Before"


def test_versions_are_immutable_and_hashed(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}/versions"
    first = api.post(path, {"name": "First"}).json()
    save(api, network, [{"op": "move_nodes", "positions": {}}])
    moved = api.post(path, {"name": "Moved"}).json()
    save(api, {**network, "revision": 1}, [add_relu()])
    changed = api.post(path, {"name": "Changed"}).json()
    assert first["graph_hash"] == moved["graph_hash"] != changed["graph_hash"]
    assert [each["name"] for each in api.get(path).json()] == ["Changed", "Moved", "First"]
    kept = api.get(f"/api/versions/{first['id']}").json()
    assert kept["document"] == network["document"]


def test_pinning_reuses_the_version_of_a_revision(
    api: ApiClient, make_network: Callable[..., Json], person: Any
) -> None:
    from designer.models import Network
    from designer.services import pin_version

    made = make_network(template="mlp")
    network = Network.objects.get(pk=made["id"])
    first, second = pin_version(network, person), pin_version(network, person)
    assert first.pk == second.pk
    listed = api.get(f"/api/networks/{made['id']}/versions").json()
    assert [each["pinned_by_runs"] for each in listed] == [2]


def test_a_version_of_another_network_cannot_be_restored_here(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    one, other = make_network("One"), make_network("Other")
    version = api.post(f"/api/networks/{one['id']}/versions", {"name": "V"}).json()
    answer = api.post(f"/api/networks/{other['id']}/versions/{version['id']}/restore")
    assert answer.status_code == 404
