"""Comparing, merging, branching, and going back to any save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from designer import history, selectors
from designer.models import Snapshot
from tests.api.designer.conftest import add_relu, save
from tests.client import ApiClient

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
MakeNetwork = Callable[..., Json]


def node_named(network: Json, name: str) -> str:
    nodes = network["document"]["graph"]["nodes"]
    return next(key for key, node in nodes.items() if node["name"] == name)


def set_width(network: Json, value: int, name: str = "linear") -> Json:
    node_id = node_named(network, name)
    return {"op": "set_param", "node_id": node_id, "param": "out_features", "value": value}


def saved(api: ApiClient, network: Json, *operations: Json) -> Json:
    assert save(api, network, list(operations)).status_code == 200
    return read(api, network)


def read(api: ApiClient, network: Json) -> Json:
    return api.get(f"/api/networks/{network['id']}").json()


def compare(api: ApiClient, network: Json, before: Json, after: Json | None = None) -> Json:
    answer = api.post(
        f"/api/networks/{network['id']}/compare", {"before": before, "after": after or {}}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_revision_compared_with_now(api: ApiClient, make_network: MakeNetwork) -> None:
    network = make_network(template="mlp")
    network = saved(api, network, set_width(network, 99))
    saved(api, network, add_relu())
    answer = compare(api, network, {"revision": 0})
    added, changed = sorted(answer["comparison"]["lines"])
    assert changed.startswith("~ linear (Linear): out_features ")
    assert changed.endswith("-> 99")
    assert added == "+ act_relu1 (ReLU)"
    assert answer["after_label"] == "now"
    assert compare(api, network, {"revision": 1}, {"revision": 2})["comparison"]["lines"] == [
        "+ act_relu1 (ReLU)"
    ]
    assert compare(api, network, {"revision": 2})["comparison"]["is_same"]


def test_another_network_of_the_project(api: ApiClient, make_network: MakeNetwork) -> None:
    one, other = make_network("Digits", template="mlp"), make_network("Digits", template="mlp")
    other = saved(api, other, set_width(other, 7))
    answer = compare(api, one, {"network_id": other["id"]})
    (node,) = answer["comparison"]["nodes"]
    assert node["node_id"] == node_named(one, "linear")
    assert node["values"][0]["before"] == "7"
    assert node["node_id"] in answer["before"]["graph"]["nodes"]


def test_what_is_not_there_is_said(api: ApiClient, make_network: MakeNetwork) -> None:
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}"
    for before in ({"revision": 5}, {"version_id": "nothing"}, {"network_id": "nothing"}):
        assert api.post(f"{path}/compare", {"before": before}).status_code == 404
    both = {"before": {"revision": 0, "version_id": "x"}}
    assert api.post(f"{path}/compare", both).status_code == 422
    assert api.post(f"{path}/revisions/3/restore").status_code == 404


def test_any_save_is_restored(
    api: ApiClient, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SNAPSHOT_EVERY", 2)
    network = make_network(template="mlp")
    states = [network["document"]]
    for index in range(5):
        network = saved(api, network, add_relu(f"r{index}"))
        states.append(network["document"])
    for revision, document in enumerate(states):
        answer = api.post(f"/api/networks/{network['id']}/revisions/{revision}/restore")
        assert answer.status_code == 200, answer.content
        assert answer.json()["document"] == document
    page = api.get(f"/api/networks/{network['id']}/revisions").json()
    assert page["reachable_from"] == 0
    assert page["items"][0]["gesture"] == "Restore revision 5"


def test_a_branch_is_merged_back(api: ApiClient, make_network: MakeNetwork) -> None:
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}"
    answer = api.post(f"{path}/branches", {"name": "Wider"})
    assert answer.status_code == 201, answer.content
    branch = answer.json()
    assert branch["document"] == network["document"]
    assert branch["origin"]["network_id"] == network["id"]
    branch = saved(api, branch, set_width(branch, 99))
    network = saved(api, network, add_relu())
    merged = api.post(f"{path}/merge", {"theirs": {"network_id": branch["id"]}})
    assert merged.status_code == 200, merged.content
    assert merged.json()["conflicts"] == []
    assert read(api, network)["revision"] == 1
    answer = api.post(f"{path}/merge", {"theirs": {"network_id": branch["id"]}, "is_saved": True})
    assert answer.status_code == 200
    network = read(api, network)
    assert network["revision"] == 2
    nodes = network["document"]["graph"]["nodes"]
    assert nodes[node_named(network, "linear")]["params"]["out_features"] == 99
    assert "relu1" in nodes
    history_page = api.get(f"{path}/revisions").json()
    assert history_page["items"][0]["gesture"] == "Merge Wider"


def test_a_conflict_takes_a_choice(api: ApiClient, make_network: MakeNetwork) -> None:
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}"
    branch = api.post(f"{path}/branches", {"name": "Other"}).json()
    saved(api, branch, set_width(branch, 99))
    saved(api, network, set_width(network, 55))
    body = {"theirs": {"network_id": branch["id"]}, "is_saved": True}
    refused = api.post(f"{path}/merge", body)
    assert refused.status_code == 409
    (conflict,) = refused.json()["data"]["conflicts"]
    assert (conflict["ours"], conflict["theirs"]) == ("55", "99")
    taken = api.post(f"{path}/merge", {**body, "choices": {conflict["id"]: "theirs"}})
    assert taken.status_code == 200
    network = read(api, network)
    assert (
        network["document"]["graph"]["nodes"][conflict["node_id"]]["params"]["out_features"] == 99
    )


def test_strangers_have_no_base(api: ApiClient, make_network: MakeNetwork) -> None:
    one, other = make_network("A", template="mlp"), make_network("B", template="mlp")
    answer = api.post(f"/api/networks/{one['id']}/merge", {"theirs": {"network_id": other["id"]}})
    assert answer.status_code == 422
    assert "no point in common" in answer.json()["detail"]


def test_unsaved_edits_are_merged_with_what_is_there(
    api: ApiClient, make_network: MakeNetwork
) -> None:
    network = make_network(template="mlp")
    mine = read(api, network)["document"]
    mine["graph"]["nodes"][node_named(network, "relu")]["name"] = "activation"
    saved(api, network, set_width(network, 55))
    answer = api.post(
        f"/api/networks/{network['id']}/merge",
        {"ours": {"document": mine}, "theirs": {}, "base": {"document": network["document"]}},
    ).json()
    assert answer["conflicts"] == []
    assert answer["revision"] == 1
    present = {**read(api, network), "revision": 1}
    after = saved(api, present, *answer["operations"])
    assert after["document"] == answer["document"]
    assert node_named(after, "activation")


def test_a_branch_merged_twice_brings_only_what_is_new(
    api: ApiClient, make_network: MakeNetwork
) -> None:
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}"
    branch = api.post(f"{path}/branches", {"name": "Wider"}).json()
    branch = saved(api, branch, set_width(branch, 99))
    body = {"theirs": {"network_id": branch["id"]}, "is_saved": True}
    assert api.post(f"{path}/merge", body).status_code == 200
    network = read(api, network)
    network = saved(api, network, set_width(network, 64))
    for _ in range(2):
        merged = api.post(f"{path}/merge", body).json()
        assert merged["conflicts"] == []
        assert read(api, network)["document"] == network["document"]
    # The other way the branch takes what came after.
    back = {"theirs": {"network_id": network["id"]}, "is_saved": True}
    assert api.post(f"/api/networks/{branch['id']}/merge", back).status_code == 200
    branch = read(api, branch)
    nodes = branch["document"]["graph"]["nodes"]
    assert nodes[node_named(branch, "linear")]["params"]["out_features"] == 64


def test_a_merge_that_is_saved_begins_with_what_is_there(
    api: ApiClient, make_network: MakeNetwork
) -> None:
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}"
    branch = api.post(f"{path}/branches", {"name": "Wider"}).json()
    saved(api, branch, set_width(branch, 99))
    old = network["document"]
    network = saved(api, network, add_relu())
    body = {"theirs": {"network_id": branch["id"]}, "is_saved": True}
    refused = api.post(f"{path}/merge", {**body, "ours": {"revision": 0}})
    assert (refused.status_code, refused.json()["code"]) == (409, "revision_conflict")
    refused = api.post(f"{path}/merge", {**body, "ours": {"document": old}})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert read(api, network)["document"] == network["document"]
    assert api.post(f"{path}/merge", {**body, "ours": {"revision": 1}}).status_code == 200
    assert "relu1" in read(api, network)["document"]["graph"]["nodes"]


def test_large_saves_are_told_and_replayed_in_parts(
    api: ApiClient, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SNAPSHOT_OPERATIONS", 4)
    monkeypatch.setattr(selectors, "MOST_OPERATIONS_TOLD", 4)
    network = make_network(template="mlp")
    path = f"/api/networks/{network['id']}"
    for width in range(10, 16):
        network = saved(api, network, *[set_width(network, width)] * 3)
    told: list[int] = []
    while not told or told[-1] < network["revision"]:
        answer = api.get(f"{path}/operations?since={told[-1] if told else 0}").json()
        assert sum(len(save["operations"]) for save in answer["saves"]) == 3
        told.append(answer["revision"])
    assert told == [1, 2, 3, 4, 5, 6]
    assert Snapshot.objects.filter(network=network["id"]).count() == 3
    compared = compare(api, network, {"revision": 2}, {"revision": 5})
    (change,) = compared["comparison"]["nodes"]
    assert "11" in str(change)
    assert "14" in str(change)


def test_a_cursor_of_thousands_of_digits_is_refused(
    api: ApiClient, make_network: MakeNetwork
) -> None:
    path = f"/api/networks/{make_network(template='mlp')['id']}/revisions?cursor="
    assert api.get(path + "9" * 5000).json()["code"] == "invalid"
