"""Layers that PyTorch cannot record are gaps of every format that it writes, known at once."""

from __future__ import annotations

import pytest

from netloom.formats.write import find_gaps
from netloom.graph.document import Document, Edge, Endpoint, Graph, Node
from netloom.layers.registry import all_layers
from tests.netloom.formats.out.every_layer import trials

BOXES = {"shape": [0, 7, 4], "axes": "BTF"}
SCORES = {"shape": [0, 7, 3], "axes": "BTK"}


def edge(source: str, node: str, port: str, leaves: str = "output") -> Edge:
    return Edge(source=Endpoint(node=source, port=leaves), target=Endpoint(node=node, port=port))


def detecting() -> Document:
    nodes = {
        "b": Node(type="TensorInput", name="boxes", params=BOXES),
        "s": Node(type="TensorInput", name="scores", params=SCORES),
        "d": Node(type="Detections", name="keep_best"),
        "o": Node(type="Output", name="found"),
    }
    edges = {
        "1": edge("b", "d", "boxes"),
        "2": edge("s", "d", "scores"),
        "3": edge("d", "o", "input", "detections"),
    }
    return Document(graph=Graph(nodes=nodes, edges=edges))


@pytest.mark.parametrize("format_name", ["onnx", "pt2"])
def test_a_layer_that_cannot_be_recorded_is_a_gap_before_anything_is_written(
    format_name: str,
) -> None:
    [gap] = find_gaps(detecting(), format_name)
    assert (gap.path, gap.block, gap.name, gap.type) == ("d", None, "keep_best", "Detections")
    assert "cannot record" in gap.reason
    assert find_gaps(detecting(), "pytorch") == []


def test_windows_of_an_open_length_are_a_gap_of_onnx_until_a_length_is_chosen() -> None:
    nodes = {
        "x": Node(type="SignalInput", name="x", params={"channels": 2}),
        "p": Node(type="AdaptiveAvgPool1d", name="windows", params={"output_size": 4}),
        "y": Node(type="Output", name="y"),
    }
    edges = {"1": edge("x", "p", "input"), "2": edge("p", "y", "input")}
    document = Document(graph=Graph(nodes=nodes, edges=edges))
    [gap] = find_gaps(document, "onnx")
    assert (gap.path, gap.name, gap.type) == ("p", "windows", "AdaptiveAvgPool1d")
    assert "length" in gap.next_step
    assert find_gaps(document, "onnx", {"length": 9}) == []
    nodes["p"].params["output_size"] = 1
    assert find_gaps(document, "onnx") == []


@pytest.mark.parametrize("length", [None, 9])
def test_packing_of_padded_sequences_is_a_gap_of_recorded_programs(length: int | None) -> None:
    trial = next(
        each
        for each in trials()
        if each.kind == "LSTM"
        and any(
            node.params.get("takes_padding_mask") for node in each.document.graph.nodes.values()
        )
    )
    [gap] = find_gaps(trial.document, "pt2", {"length": length})
    assert gap.type == "LSTM"
    assert "packs what is no padding" in gap.reason
    assert find_gaps(trial.document, "onnx", {"length": length}) == []


def test_only_layers_that_decide_by_numbers_say_so() -> None:
    assert {layer.type_name for layer in all_layers() if layer.decides_by_numbers} == {
        "AnchorDetections",
        "AnchorFreeDetections",
        "DefaultBoxDetections",
        "Detections",
        "RegionAlign",
        "RegionProposals",
    }
