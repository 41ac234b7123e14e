"""How many layers a network has is one number everywhere."""

from __future__ import annotations

import pytest

from netloom.analyze import analyze
from netloom.analyze.counts import count_layers
from netloom.graph.document import BlockDefinition, Graph, Node
from netloom.graph.limits import COUNTED_NODES
from netloom.templates import make_template, templates


@pytest.mark.parametrize("template", [each.id for each in templates()])
def test_the_count_is_that_of_the_analysis(template: str) -> None:
    document = make_template(template, channels=3, height=64, width=64, num_classes=5)
    assert count_layers(document.graph) == analyze(document).totals.num_layers > 0


def test_layers_count_whose_shapes_are_not_known() -> None:
    node = Node(name="alone", type="Linear", params={"out_features": 3})
    unknown = Node(name="other", type="OfNobody")
    assert count_layers(Graph(name="Net", nodes={"a": node, "b": unknown})) == 2


def test_blocks_in_themselves_and_without_end_are_counted_at_once() -> None:
    inside = Node(name="again", type="Block", block="b", repeat=100_000)
    assert count_layers(Graph(name="Net", nodes={"a": inside}, blocks={"b": block(inside)})) == 0
    linear = Node(name="linear", type="Linear", params={"out_features": 3})
    blocks = {"b0": block(linear)}
    for depth in range(1, 8):
        blocks[f"b{depth}"] = block(inside.model_copy(update={"block": f"b{depth - 1}"}))
    top = inside.model_copy(update={"block": "b7"})
    assert count_layers(Graph(name="Net", nodes={"a": top}, blocks=blocks)) == COUNTED_NODES


def block(node: Node) -> BlockDefinition:
    return BlockDefinition(name="Some", nodes={"n": node})
