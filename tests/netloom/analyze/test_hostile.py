"""Hostile and huge documents: an answer in well under a second, nothing allocated."""

from __future__ import annotations

import gc
import math
import sys
import time
import tracemalloc
from collections.abc import Callable

import pytest

from netloom.analyze import Analysis, analyze
from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import Document, Edge, Graph
from netloom.graph.limits import MAX_NODES
from tests.netloom.graph.build import block, chain, document, edge, instance, node

IMAGE = node("ImageInput", "image", height=8, width=8, channels=4)
OUTPUT = node("Output", "output")


def timed(made: Document) -> tuple[Analysis, float]:
    """Analyse, without the collector: its price is that of everything other tests keep alive."""
    gc.disable()
    try:
        started = time.process_time()
        return analyze(made), time.process_time() - started
    finally:
        gc.enable()


def num_calls(made: Document) -> int:
    """Count the calls of an analysis, of Python and of C: unlike time, the same every time."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        analyze(made)
    finally:
        sys.setprofile(None)
    return calls


def has(analysis: Analysis, code: DiagnosticCode) -> bool:
    return any(problem.code is code for problem in analysis.diagnostics)


def long_chain(num_layers: int) -> Document:
    kinds = ("Conv2d", "BatchNorm2d", "ReLU")
    layers = [node(kinds[index % 3], f"layer_{index}") for index in range(num_layers)]
    return chain(IMAGE, *layers, OUTPUT)


@pytest.mark.timed
def test_small_and_large_networks_are_analysed_while_typing() -> None:
    small = long_chain(150)
    analyze(small)
    analysis, seconds = timed(small)
    assert analysis.is_trainable
    assert seconds < 0.05
    analysis, seconds = timed(long_chain(5000))
    assert analysis.is_trainable
    assert seconds < 1


@pytest.mark.timed
def test_one_node_too_many_after_expansion() -> None:
    # 3 nodes on the top level and 3 in each repeat: 3 + 3 * 6666 = 20,001.
    body = block("B", "p", node("ReLU", "relu"))
    made = document(
        {"a": IMAGE, "b": instance("blk", "many", repeat=6666), "c": OUTPUT},
        {"e": edge("a", "b"), "f": edge("b", "c")},
        {"blk": body},
    )
    analysis, seconds = timed(made)
    assert "20,001 nodes" in analysis.diagnostics[0].message
    assert has(analysis, DiagnosticCode.LIMIT_EXCEEDED)
    assert seconds < 0.1
    nodes = {**made.graph.nodes, "b": instance("blk", "many", repeat=6665)}
    allowed = made.model_copy(update={"graph": made.graph.model_copy(update={"nodes": nodes})})
    analysis, seconds = timed(allowed)
    assert analysis.is_trainable
    assert seconds < 0.1


@pytest.mark.timed
def test_nested_repeats_are_counted_and_not_expanded() -> None:
    blocks = {"b0": block("B0", "p0x", node("ReLU", "relu"))}
    for level in range(1, 20):
        inner = instance(f"b{level - 1}", "inner", repeat=100_000)
        blocks[f"b{level}"] = block(f"B{level}", f"p{level}x", inner)
    made = document(
        {"a": IMAGE, "b": instance("b19", "many"), "c": OUTPUT},
        {"e": edge("a", "b"), "f": edge("b", "c")},
        blocks,
    )
    tracemalloc.start()
    analysis, seconds = timed(made)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert has(analysis, DiagnosticCode.LIMIT_EXCEEDED)
    assert seconds < 0.5
    assert peak_bytes < 20 * 2**20


@pytest.mark.timed
def test_absurd_sizes_are_arithmetic() -> None:
    wide = [node("Linear", f"wide_{index}", out_features=10**9) for index in range(5)]
    made = chain(node("FeatureInput", "features", num_features=10**9), *wide, OUTPUT)
    tracemalloc.start()
    analysis, seconds = timed(made)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert analysis.totals.parameters > 10**18
    assert has(analysis, DiagnosticCode.LIMIT_EXCEEDED)
    assert not analysis.is_trainable
    assert seconds < 0.2
    assert peak_bytes < 5 * 2**20


def unknown_types(num: int) -> Document:
    return chain(IMAGE, *(node("Nope", f"x_{index}") for index in range(num)), OUTPUT)


def same_names(num: int) -> Document:
    return chain(IMAGE, *(node("ReLU", "relu") for _ in range(num)), OUTPUT)


def broken_shapes(num: int) -> Document:
    """Thousands of Linear layers on one image."""
    nodes = {"img": IMAGE} | {f"l{index}": node("Linear", f"l_{index}") for index in range(num)}
    return document(nodes, {f"e{index}": edge("img", f"l{index}") for index in range(num)})


def dangling_edges(num: int) -> Document:
    edges = {f"e{index}": edge(f"a{index}", f"b{index}") for index in range(num)}
    return Document(graph=Graph(nodes={"img": IMAGE}, edges=edges))


def crowded_port(num: int) -> Document:
    edges = {f"e{index}": edge("img", "out") for index in range(num)}
    return document({"img": IMAGE, "out": OUTPUT}, edges)


def complete_graph(num: int) -> Document:
    nodes = {f"n{index}": node("ReLU", f"relu_{index}") for index in range(math.isqrt(num))}
    edges = {f"{one}_{other}": edge(one, other) for one in nodes for other in nodes}
    return document(nodes, edges)


def many_cycles(num: int) -> Document:
    """Two-node cycles, each feeding the next, so that one hides behind the other."""
    nodes = {f"n{index:05}": node("ReLU", f"relu_{index}") for index in range(num)}
    ids = list(nodes)
    edges: dict[str, Edge] = {}
    for index in range(0, len(ids) - 2, 2):
        edges[f"f{index}"] = edge(ids[index], ids[index + 1])
        edges[f"b{index}"] = edge(ids[index + 1], ids[index], "back")
        edges[f"n{index}"] = edge(ids[index + 1], ids[index + 2])
    return document(nodes, edges)


def many_definitions(num: int) -> Document:
    """Thousands of blocks in a ring: every one contains itself."""
    blocks = {
        f"b{index}": block(f"B{index}", f"p{index}x", instance(f"b{(index + 1) % num}", "inner"))
        for index in range(num)
    }
    return document({"a": IMAGE, "b": OUTPUT}, {"e": edge("a", "b")}, blocks)


@pytest.mark.parametrize(
    ("make", "num"),
    [
        (unknown_types, 8000),
        (same_names, 8000),
        (broken_shapes, 8000),
        (dangling_edges, 20_000),
        (crowded_port, 20_000),
        (complete_graph, 20_000),
        (many_cycles, 8000),
        (many_definitions, 3000),
    ],
)
def test_time_grows_with_thousands_of_problems(make: Callable[[int], Document], num: int) -> None:
    """Eight times the document takes about eight times the calls; its square would take 64."""
    large, small = make(num), make(num // 8)
    analysis, _ = timed(large)
    assert not analysis.is_trainable
    assert len(analysis.diagnostics) <= 1000
    assert num_calls(large) < 12 * num_calls(small)


@pytest.mark.timed
def test_too_many_nodes_are_only_counted() -> None:
    made = chain(*(node("ReLU", "relu") for _ in range(MAX_NODES + 1)))
    analysis, seconds = timed(made)
    assert not analysis.is_trainable
    assert seconds < 0.1


def test_an_error_behind_thousands_of_warnings_is_not_missed() -> None:
    nodes = {f"a{index}": node("ImageInput", f"image_{index}") for index in range(2000)}
    made = document({**nodes, "z": OUTPUT}, {})
    analysis, _ = timed(made)
    assert analysis.is_truncated
    assert has(analysis, DiagnosticCode.UNCONNECTED_INPUT)
    assert not analysis.is_trainable
