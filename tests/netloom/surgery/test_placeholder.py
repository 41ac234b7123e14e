"""Something takes the place of what an import could not compute."""

from __future__ import annotations

import json

from netloom.analyze import analyze
from netloom.formats.drawing import Drawing
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.surgery.model import Target
from netloom.surgery.registry import plan_act

SHAPE = [["B", "B"], ["C", 4], ["H", 8], ["W", 8]]


def with_placeholder() -> tuple[Document, str]:
    """Return a network with a gate that takes two tensors, and the gate's id."""
    drawing = Drawing()
    image = drawing.add("ImageInput", params={"height": 8, "width": 8})
    one = drawing.add(
        "Conv2d", [image.output], params={"out_channels": 4, "kernel_size": 3, "padding": 1}
    )
    other = drawing.add("Sigmoid", [one.output])
    params = {
        "op": "Gate", "domain": "com.vendor", "attributes": "{}", "inputs": "in_1,in_2",
        "outputs": "out", "shapes": json.dumps({"out": SHAPE}),
    }  # fmt: skip
    gate = drawing.add("Placeholder", [one.output, other.output], params=params)
    end = drawing.add("ReLU", [gate.output])
    drawing.add("Output", [end.output])
    return drawing.finish("gated"), gate.node_id


def test_a_layer_takes_the_place_with_its_connections_in_order() -> None:
    document, gate = with_placeholder()
    plan = plan_act(document, "replace_placeholder", Target(node_ids=[gate]), {"layer": "Multiply"})
    assert not plan.refusal
    changed, _ = apply_operations(document, plan.operations)
    assert changed.graph.nodes[gate].type == "Multiply"
    arriving = {
        edge.target.port: changed.graph.nodes[edge.source.node].type
        for edge in changed.graph.edges.values()
        if edge.target.node == gate
    }
    assert sorted(arriving.items()) == [("input_1", "Conv2d"), ("input_2", "Sigmoid")]
    assert not [each for each in analyze(changed).diagnostics if each.severity == "error"]


def test_an_operator_can_take_the_place() -> None:
    document, gate = with_placeholder()
    target = Target(node_ids=[gate])
    plan = plan_act(document, "replace_placeholder", target, {"layer": "Operator subtract"})
    changed, _ = apply_operations(document, plan.operations)
    assert changed.graph.nodes[gate].params["op"] == "subtract"
    assert not [each for each in analyze(changed).diagnostics if each.severity == "error"]


def test_what_does_not_fit_is_not_offered_and_refused() -> None:
    document, gate = with_placeholder()
    plan = plan_act(document, "replace_placeholder", Target(node_ids=[gate]), {"layer": "LSTM"})
    assert "does not take what arrives" in plan.refusal
    assert not plan.operations


def test_only_a_placeholder_is_replaced() -> None:
    document, _ = with_placeholder()
    relu = next(key for key, node in document.graph.nodes.items() if node.type == "ReLU")
    plan = plan_act(document, "replace_placeholder", Target(node_ids=[relu]), {"layer": "GELU"})
    assert "no placeholder" in plan.refusal
