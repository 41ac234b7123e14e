"""Networks written by hand to do harm: refused in words or kept with their problems named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.designer.conftest import Json, save
from tests.client import ApiClient

pytestmark = pytest.mark.django_db

RELU = {"type": "ReLU", "name": "relu"}


def network_of(nodes: Json, edges: Json | None = None, blocks: Json | None = None) -> Json:
    graph = {"name": "Net", "nodes": nodes, "edges": edges or {}, "blocks": blocks or {}}
    return {"format": "netloom.network", "schema": 1, "graph": graph}


def edge(source: str, target: str, port: str = "input") -> Json:
    return {
        "source": {"node": source, "port": "output"},
        "target": {"node": target, "port": port},
    }


def instance(block: str, **more: Any) -> Json:
    return {"type": "Block", "name": "inner", "block": block, **more}


def block(name: str, nodes: Json) -> Json:
    return {"name": name, "nodes": nodes}


READABLE = {
    "a circle through two blocks": (
        network_of(
            {"x": instance("a")},
            blocks={
                "a": block("A", {"in_a": instance("b")}),
                "b": block("B", {"in_b": instance("a")}),
            },
        ),
        "recursive_block",
    ),
    "a block in itself": (
        network_of({"x": instance("a")}, blocks={"a": block("A", {"y": instance("a")})}),
        "recursive_block",
    ),
    "a use of a block that is not there": (network_of({"x": instance("nowhere")}), "unknown_block"),
    "an edge to nowhere": (network_of({"a": RELU}, {"e": edge("a", "nowhere")}), "dangling_edge"),
    "an edge from nowhere": (network_of({"a": RELU}, {"e": edge("nowhere", "a")}), "dangling_edge"),
    "an edge to no port": (
        network_of({"a": RELU, "b": {**RELU, "name": "b"}}, {"e": edge("a", "b", "no_such")}),
        "unknown_port",
    ),
    "two edges into one port": (
        network_of(
            {"a": RELU, "b": {**RELU, "name": "b"}, "c": {**RELU, "name": "c"}},
            {"e": edge("a", "c"), "f": edge("b", "c")},
        ),
        "port_taken",
    ),
    "a name of markup": (
        network_of({"a": {**RELU, "name": "<img src=x onerror=alert(1)>"}}),
        "invalid_name",
    ),
    "two of one name": (network_of({"a": RELU, "b": RELU}), "duplicate_name"),
    "an enormous integer": (
        network_of({"a": {"type": "Linear", "name": "l", "params": {"out_features": 10**40}}}),
        "invalid_param",
    ),
    "a text where a number belongs": (
        network_of({"a": {"type": "Linear", "name": "l", "params": {"out_features": "many"}}}),
        "invalid_param",
    ),
}


@pytest.mark.parametrize("what", READABLE)
def test_what_can_be_read_is_kept_or_refused_and_its_problem_is_named(
    api: ApiClient, project: Any, what: str
) -> None:
    document, code = READABLE[what]
    analysis = api.post("/api/analysis", {"document": document})
    assert analysis.status_code == 200, analysis.content
    assert code in {each["code"] for each in analysis.json()["diagnostics"]}
    assert not analysis.json()["is_trainable"]
    made = api.post(f"/api/projects/{project.id}/networks", {"name": "N", "document": document})
    assert made.status_code in (201, 422), made.content
    if made.status_code == 201:
        opened = api.get(f"/api/networks/{made.json()['id']}")
        assert opened.status_code == 200
        assert code in {each["code"] for each in opened.json()["analysis"]["diagnostics"]}
    else:
        assert made.json()["detail"]


REFUSED = {
    "a billion repeats": network_of(
        {"x": instance("a", repeat=10**9)}, blocks={"a": block("A", {"y": RELU})}
    ),
    "nodes in a list": network_of([]),  # type: ignore[arg-type]
    "a node of nothing": network_of({"a": None}),
    "a type that is a number": network_of({"a": {"type": 5, "name": "relu"}}),
    "an edge of text": network_of({"a": RELU}, {"e": "a to b"}),
    "parameters in a list": network_of({"a": {**RELU, "params": [1]}}),
    "a repeat of text": network_of({"x": instance("a", repeat="often")}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_network_is_refused_in_words(api: ApiClient, project: Any, what: str) -> None:
    made = api.post(
        f"/api/projects/{project.id}/networks", {"name": "N", "document": REFUSED[what]}
    )
    assert (made.status_code, made.json()["code"]) == (422, "document_invalid")
    assert made.json()["detail"]
    assert api.get(f"/api/projects/{project.id}/networks").json() == []


def test_one_id_in_two_scopes_names_two_layers(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    """Operations never make such a network, but a file may hold one."""
    document = network_of({"same": RELU}, blocks={"a": block("A", {"same": RELU})})
    network = make_network(document=document)
    assert api.post("/api/analysis", {"document": document}).status_code == 200
    inner = {"op": "remove_node", "scope": "a", "node_id": "same"}
    assert save(api, network, [inner]).status_code == 200
    graph = api.get(f"/api/networks/{network['id']}").json()["document"]["graph"]
    assert graph["nodes"].keys() == {"same"}
    assert graph["blocks"]["a"]["nodes"] == {}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add_edge", "edge_id": "e", "edge": edge("relu1", "nowhere")},
        {"op": "add_node", "node_id": "b", "node": instance("nowhere")},
        {"op": "add_node", "node_id": "b", "node": {**RELU, "repeat": 10**9}},
        {"op": "add_node", "node_id": "b", "node": {**RELU, "name": "x" * 5000}},
        {"op": "add_node", "node_id": "../b", "node": RELU},
        {"op": "set_param", "node_id": "relu1", "param": "x", "value": {"deep": {"er": 1}}},
        {"op": "move_nodes", "positions": {"relu1": {"x": "left", "y": 0}}},
        {"op": "remove_block", "block_id": 5},
        {"op": "set_attribute", "node_id": "relu1", "attribute": "id", "value": "x"},
        {"op": 5},
        "add",
        None,
    ],
)
def test_operations_that_fit_nothing_change_nothing(
    api: ApiClient, make_network: Callable[..., Json], operation: Any
) -> None:
    network = make_network()
    add = {"op": "add_node", "node_id": "relu1", "node": RELU, "position": {"x": 0, "y": 0}}
    assert save(api, network, [add]).status_code == 200
    network = api.get(f"/api/networks/{network['id']}").json()
    before = copy.deepcopy(network["document"])
    refused = save(api, network, [operation])
    assert refused.status_code == 422, refused.content
    assert refused.json()["detail"]
    after = api.get(f"/api/networks/{network['id']}").json()
    assert (after["document"], after["revision"]) == (before, network["revision"])
