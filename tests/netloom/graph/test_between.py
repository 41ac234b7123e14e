"""From any document to any other by operations: exactly, and by no more than it takes."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.graph.apply import apply_operations
from netloom.graph.between import operations_between
from netloom.graph.budgets import BudgetKey
from netloom.graph.document import Document, Frame, Node, ParamValue, Position, graph_hash
from netloom.graph.operations import (
    AddNode,
    MoveNodes,
    Operation,
    RemoveNode,
    SetAttribute,
    SetBlock,
    SetBudget,
    SetFrame,
    SetParam,
)
from tests.netloom.graph.build import block, chain, document, edge, instance, node

NODE_IDS = [f"n{number}" for number in range(9)]
BLOCK_IDS = ["b0", "b1", "b2"]
VALUES: st.SearchStrategy[ParamValue] = st.sampled_from(
    [0, 0.0, 1, 1.0, True, False, None, "same", [1, 2], [1.0, 2]]
)


@st.composite
def any_node(draw: st.DrawFn, blocks: list[str]) -> Node:
    inner = draw(st.none() | st.sampled_from(blocks)) if blocks else None
    return Node(
        type=draw(st.sampled_from(["ReLU", "Conv2d"])) if inner is None else "Block",
        name=draw(st.sampled_from(["one", "two"])),
        params=draw(st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2)),
        note=draw(st.sampled_from(["", "note"])),
        module_path=draw(st.sampled_from(["", "", "layer1.0"])),
        is_frozen=draw(st.booleans()),
        block=inner,
        overrides=draw(st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2)),
        repeat=draw(st.integers(1, 3)),
        weights=draw(st.sampled_from(["separate", "shared"])),
        weights_of=draw(st.sampled_from(["", "", "n0", "gone"])),
    )


@st.composite
def any_scope(draw: st.DrawFn, node_ids: list[str], blocks: list[str]) -> dict[str, object]:
    nodes = {node_id: draw(any_node(blocks)) for node_id in node_ids}
    edges = {}
    for target in node_ids:
        for port in draw(st.sets(st.sampled_from(["input", "other"]))):
            edge_id = draw(st.sampled_from(["e0", "e1", "e2", "e3"]))
            edges[edge_id] = edge(draw(st.sampled_from(node_ids)), target, port)
    return {"nodes": nodes, "edges": edges}


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any well-formed document: blocks may contain themselves, nodes may be in any scope."""
    blocks = sorted(draw(st.sets(st.sampled_from(BLOCK_IDS))))
    homes = {
        node_id: draw(st.sampled_from(["nowhere", "top", "top", *blocks])) for node_id in NODE_IDS
    }
    held = {
        home: [key for key in NODE_IDS if homes[key] == home]
        for home in ("nowhere", "top", *blocks)
    }
    graph = draw(any_scope(held["top"], blocks))
    graph["name"] = draw(st.sampled_from(["Net", "Other"]))
    graph["blocks"] = {}
    for block_id in blocks:
        own = held[block_id]
        some = st.lists(st.sampled_from(own), max_size=2, unique=True) if own else st.just([])
        definition = draw(any_scope(own, blocks))
        definition |= {"name": draw(st.sampled_from(["A", "B"])), "exposed": {}}
        definition |= {"inputs": draw(some), "outputs": draw(some)}
        if first := draw(some):
            also = [{"node": key, "param": "b"} for key in draw(some)]
            definition["exposed"] = {"x": {"node": first[0], "param": "a", "also": also}}
        graph["blocks"][block_id] = definition
    placed = [key for key in NODE_IDS if homes[key] != "nowhere"]
    numbers = st.sampled_from([0.0, 10.5])
    some_placed = draw(st.sets(st.sampled_from(placed))) if placed else ()
    frame = st.builds(
        Frame, title=st.sampled_from(["", "Stem"]), x=numbers, y=numbers, width_px=st.just(9.0),
        height_px=st.just(9.0), scope=st.sampled_from([None, *blocks]),
    )  # fmt: skip
    view = {
        "positions": {key: Position(x=draw(numbers), y=draw(numbers)) for key in some_placed},
        "frames": draw(st.dictionaries(st.sampled_from(["f0", "f1"]), frame, max_size=2)),
        "budgets": draw(
            st.dictionaries(
                st.sampled_from(get_args(BudgetKey)), st.sampled_from([5.0, 6.0]), max_size=2
            )
        ),
    }
    return Document.model_validate({"graph": graph, "view": view})


@settings(max_examples=120, deadline=None)
@given(documents(), documents())
def test_applied_to_the_one_they_give_the_other(before: Document, after: Document) -> None:
    operations = operations_between(before, after)
    result, inverse = apply_operations(before, operations)
    assert result == after
    # 1, 1.0 and true are equal in Python, but not in JSON.
    assert graph_hash(result) == graph_hash(after)
    assert apply_operations(result, inverse)[0] == before
    assert operations_between(after, after) == []


BASE = document(
    {
        "n0": node("ImageInput", "image"),
        "n1": node("Conv2d", "conv", out_channels=8),
        "n2": instance("b", "stage"),
    },
    {"e0": edge("n0", "n1"), "e1": edge("n1", "n2")},
    {"b": block("Stage", "b", node("Linear", "fc", out_features=4), width=("b1", "out_features"))},
)
FRAME = Frame(title="Stem", x=0, y=0, width_px=100, height_px=100)
FINE: list[Operation] = [
    SetParam(node_id="n1", param="out_channels", value=16),
    SetParam(node_id="n1", param="out_channels", value=8.0),
    SetParam(node_id="n1", param="out_channels", is_set=False),
    SetParam(scope="b", node_id="b1", param="bias", value=False),
    SetAttribute(node_id="n1", attribute="name", value="stem"),
    SetAttribute(node_id="n1", attribute="type", value="ConvTranspose2d"),
    SetAttribute(node_id="n1", attribute="is_frozen", value=True),
    SetAttribute(node_id="n2", attribute="overrides", value={"width": 9}),
    SetAttribute(node_id="n2", attribute="repeat", value=3),
    SetBlock(block_id="b", name="Other", inputs=["b0"], outputs=["b2"], exposed={}),
    MoveNodes(positions={"n1": Position(x=1, y=2)}),
    MoveNodes(positions={"n1": None}),
    SetBudget(budget="parameters", limit=5e6),
    SetFrame(frame_id="f", frame=FRAME),
]


@pytest.mark.parametrize("operation", FINE, ids=lambda each: each.op)
def test_one_edit_is_one_operation(operation: Operation) -> None:
    edited, [undo] = apply_operations(BASE, [operation])
    assert operations_between(BASE, edited) == [operation]
    assert operations_between(edited, BASE) == [undo]


def test_a_node_that_becomes_a_block_keeps_its_id_and_connections() -> None:
    before = chain(node("ImageInput", "image"), node("ReLU", "relu"), node("Output", "output"))
    blocks = {"b": BASE.graph.blocks["b"]}
    nodes = {**before.graph.nodes, "n1": instance("b", "stage")}
    after = before.model_copy(
        update={"graph": before.graph.model_copy(update={"nodes": nodes, "blocks": blocks})}
    )
    operations = operations_between(before, after)
    assert apply_operations(before, operations)[0] == after
    touched = [each.node_id for each in operations if isinstance(each, AddNode | RemoveNode)]
    assert touched == ["n1", "n1"]
