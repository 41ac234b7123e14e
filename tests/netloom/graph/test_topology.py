"""Order, cycles, block nesting and the count after expansion."""

from __future__ import annotations

import itertools
import random

from netloom.graph.limits import (
    COUNTED_NODES,
    MAX_BLOCK_DEPTH,
    MAX_NODES,
    measure_expansion,
)
from netloom.graph.topology import (
    block_order,
    block_ports,
    find_cycles,
    instance_nodes,
    topological_order,
)
from tests.netloom.graph.build import block, chain, document, edge, instance, node


def test_order_follows_edges_and_not_insertion() -> None:
    edges = [edge("a", "c"), edge("c", "b"), edge("a", "d"), edge("d", "e"), edge("b", "e", "x")]
    expected = topological_order("abcde", edges)
    assert expected.index("a") < expected.index("c") < expected.index("b") < expected.index("e")
    shuffler = random.Random(0)
    for _ in range(10):
        names = list("abcde")
        shuffler.shuffle(names)
        shuffler.shuffle(edges)
        assert topological_order(names, edges) == expected


def test_a_branch_is_followed_to_its_end() -> None:
    edges = [edge("a", "b1"), edge("b1", "b2"), edge("a", "c1"), edge("c1", "c2")]
    assert topological_order(["a", "b1", "b2", "c1", "c2"], edges) == ["a", "b1", "b2", "c1", "c2"]


def test_cycles_are_found_once_each() -> None:
    edges = [
        edge("a", "b"),
        edge("b", "c"),
        edge("c", "a", "y"),
        edge("c", "d"),
        edge("e", "e"),
        edge("d", "f"),
    ]
    assert find_cycles("abcdef", edges) == [["a", "b", "c"], ["e"]]
    assert topological_order("abcdef", edges) == []
    assert find_cycles("abc", edges[:2]) == []


def test_long_chains_and_long_cycles_do_not_recurse() -> None:
    names = [f"n{index:05}" for index in range(20_000)]
    edges = [edge(one, other) for one, other in itertools.pairwise(names)]
    assert topological_order(names, edges) == names
    edges.append(edge(names[-1], names[0]))
    assert find_cycles(names, edges) == [names]


def test_inner_blocks_come_first_and_recursion_is_named() -> None:
    blocks = {
        "outer": block("Outer", "o", instance("inner", "inner")),
        "inner": block("Inner", "i", node("ReLU", "relu")),
    }
    assert block_order(document({}, {}, blocks).graph) == (["inner", "outer"], set())
    blocks["inner"] = block("Inner", "i", instance("outer", "outer"))
    blocks["user"] = block("User", "u", instance("inner", "inner"))
    _, recursive = block_order(document({}, {}, blocks).graph)
    assert recursive == {"outer", "inner", "user"}


def test_expansion_counts_repeats_at_every_level() -> None:
    blocks = {
        "inner": block("Inner", "i", node("ReLU", "relu")),
        "outer": block("Outer", "o", instance("inner", "twice", repeat=2)),
    }
    nodes = {"x": instance("outer", "x", repeat=10), "y": node("ReLU", "y")}
    measured = measure_expansion(document(nodes, {}, blocks).graph)
    # inner has 3 nodes, so outer has 3 + 2 * 3 = 9 and the top level 2 + 10 * 9.
    assert (measured.num_nodes, measured.depth, measured.problem) == (92, 2, None)


def test_expansion_is_arithmetic() -> None:
    """20 levels of 100,000 repeats each are 10^100 nodes: never made, and counted up to a point."""
    blocks = {"b0": block("B0", "p0", node("ReLU", "relu"))}
    for level in range(1, 21):
        inner = instance(f"b{level - 1}", "inner", repeat=100_000)
        blocks[f"b{level}"] = block(f"B{level}", f"p{level}x", inner)
    measured = measure_expansion(document({"x": instance("b20", "x")}, {}, blocks).graph)
    assert measured.num_nodes == COUNTED_NODES > MAX_NODES
    assert measured.problem is not None
    assert f"{MAX_NODES:,}" in measured.problem


def test_nesting_has_a_limit() -> None:
    blocks = {"b0": block("B0", "p0", node("ReLU", "relu"))}
    for level in range(1, MAX_BLOCK_DEPTH + 1):
        blocks[f"b{level}"] = block(f"B{level}", f"p{level}x", instance(f"b{level - 1}", "inner"))
    deepest = instance(f"b{MAX_BLOCK_DEPTH}", "x")
    measured = measure_expansion(document({"x": deepest}, {}, blocks).graph)
    assert measured.depth == MAX_BLOCK_DEPTH + 1
    assert measured.problem is not None
    assert "nested" in measured.problem


def test_ports_follow_the_lists_then_what_no_list_names() -> None:
    definition = chain(
        node("BlockInput", "second"), node("BlockInput", "first"), node("BlockOutput", "result")
    )
    made = block("B", "p").model_copy(
        update={"nodes": definition.graph.nodes, "inputs": ["n1"], "outputs": []}
    )
    ports = block_ports(made)
    assert list(ports.inputs.items()) == [("first", "n1"), ("second", "n0")]
    assert list(ports.outputs.items()) == [("result", "n2")]


def test_overrides_reach_inner_nodes_and_inner_instances() -> None:
    inner = block(
        "Inner", "i", node("Conv2d", "conv", out_channels=4), filters=("i1", "out_channels")
    )
    outer = block("Outer", "o", instance("inner", "in1"), width=("o1", "filters"))
    nodes = instance_nodes(outer, {"width": 32, "unknown": 1})
    assert nodes["o1"].overrides == {"filters": 32}
    assert instance_nodes(inner, nodes["o1"].overrides)["i1"].params == {"out_channels": 32}
    assert inner.nodes["i1"].params == {"out_channels": 4}
