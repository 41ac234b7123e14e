"""Comparing documents node by node."""

from __future__ import annotations

from netloom.graph.apply import apply_operations
from netloom.graph.diff import ParamChange, diff_documents
from netloom.graph.operations import (
    AddEdge,
    AddNode,
    MoveNodes,
    Operation,
    RemoveEdge,
    SetAttribute,
    SetGraphName,
    SetParam,
)
from tests.netloom.graph.build import block, chain, document, edge, node


def changed(*operations: Operation):
    before = chain(
        node("ImageInput", "image"), node("Conv2d", "conv", out_channels=8), node("Output", "out")
    )
    return diff_documents(before, apply_operations(before, list(operations))[0])


def test_nothing_differs() -> None:
    diff = changed()
    assert diff.is_empty
    assert not diff.is_view_changed


def test_layout_is_told_apart() -> None:
    diff = changed(MoveNodes(positions={"n0": None}))
    assert diff.is_empty
    assert diff.is_view_changed


def test_parameters_and_attributes() -> None:
    diff = changed(
        SetParam(node_id="n1", param="out_channels", value=16),
        SetParam(node_id="n1", param="bias", value=False),
        SetAttribute(node_id="n1", attribute="is_frozen", value=True),
    )
    change = diff.scopes[None].changed_nodes["n1"]
    assert change.params == {
        "bias": ParamChange(None, False),
        "out_channels": ParamChange(8, 16),
    }
    assert change.attributes == ("is_frozen",)


def test_a_connection_made_anew_is_no_change() -> None:
    diff = changed(RemoveEdge(edge_id="e0"), AddEdge(edge_id="other", edge=edge("n0", "n1")))
    assert diff.is_empty


def test_added_and_removed() -> None:
    diff = changed(
        RemoveEdge(edge_id="e1"),
        AddNode(node_id="new", node=node("ReLU", "relu")),
        AddEdge(edge_id="e9", edge=edge("n1", "new")),
        SetGraphName(name="Other"),
    )
    assert diff.scopes[None].added_nodes == ("new",)
    assert diff.scopes[None].added_edges == ("e9",)
    assert diff.scopes[None].removed_edges == ("e1",)
    assert diff.is_renamed


def test_blocks() -> None:
    definition = block("B", "p", node("ReLU", "relu"))
    diff = diff_documents(document({}, {}), document({}, {}, {"b": definition}))
    assert diff.added_blocks == ("b",)
    assert diff.scopes["b"].added_nodes == ("p0", "p1", "p2")
