"""Shapes and costs: they are torch's, for plain layers and for blocks at any depth."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from netloom.analyze import analyze
from netloom.compile import build_module
from netloom.graph.apply import apply_operation
from netloom.graph.document import Document
from netloom.graph.operations import SetParam
from netloom.templates import make_template, templates
from tests.netloom.graph.build import block, chain, document, edge, instance, node

IMAGE = node("ImageInput", "image", height=8, width=8, channels=4)
OUTPUT = node("Output", "output")
CONV = node("Conv2d", "conv", out_channels=4)
CONV_PARAMETERS = 4 * 4 * 9 + 4
CONV_FLOPS = (2 * 4 * 9 + 1) * 4 * 64


@pytest.mark.parametrize("template", [info.id for info in templates() if info.can_train])
@pytest.mark.parametrize("size", [8, 33])
def test_totals_are_those_of_the_compiled_network(template: str, size: int) -> None:
    made = make_template(template, channels=3, height=size, width=size, num_classes=5)
    totals = analyze(made).totals
    module = build_module(made).eval()
    parameters = sum(parameter.numel() for parameter in module.parameters())
    assert totals.parameters == totals.trainable_parameters == parameters
    assert totals.parameter_bytes == 4 * parameters
    with FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, 3, size, size))
    # The counter knows matrix products and convolutions; the rest is a few percent.
    assert counter.get_total_flops() <= totals.flops
    assert totals.flops <= 1.3 * counter.get_total_flops()


def test_a_node_tells_what_follows_for_it() -> None:
    analysis = analyze(chain(IMAGE, CONV, node("Flatten", "flatten"), OUTPUT))
    found = analysis.nodes["n1"]
    assert found.output_text == "B × 4 × 8 × 8"
    assert [dim["axis"] for dim in found.outputs["output"]] == ["B", "C", "H", "W"]
    assert found.inferred == {"in_channels": 4}
    assert (found.parameters, found.flops) == (CONV_PARAMETERS, CONV_FLOPS)
    assert found.activation_bytes == 4 * 4 * 64
    assert analysis.nodes["n2"].activation_bytes == 0, "Flatten is a view"
    assert analysis.order == ["n0", "n1", "n2", "n3"]
    assert analysis.totals.num_layers == 2


def with_instances(*uses: object, **blocks: object) -> Document:
    """An image through instances in a row."""
    ids = ["img", *(f"u{index}" for index in range(len(uses))), "out"]
    return document(
        dict(zip(ids, (IMAGE, *uses, OUTPUT), strict=True)),  # type: ignore[arg-type]
        {f"e{index}": edge(ids[index], ids[index + 1]) for index in range(len(ids) - 1)},
        blocks,  # type: ignore[arg-type]
    )


def test_repeats_multiply_work_and_separate_weights() -> None:
    block_of_one = block("One", "p", CONV)
    separate = analyze(with_instances(instance("b", "x", repeat=3), b=block_of_one))
    shared = analyze(with_instances(instance("b", "x", repeat=3, weights="shared"), b=block_of_one))
    assert separate.is_trainable
    assert separate.totals.parameters == 3 * CONV_PARAMETERS
    assert shared.totals.parameters == CONV_PARAMETERS
    assert separate.totals.flops == shared.totals.flops == 3 * CONV_FLOPS
    assert separate.totals.num_layers == 3
    assert separate.nodes["u0"].parameters == 3 * CONV_PARAMETERS
    assert separate.nodes["u0"].repeats == 1
    inner = separate.nodes["u0/p1"]
    assert (inner.repeats, inner.parameters, inner.flops) == (3, CONV_PARAMETERS, CONV_FLOPS)


def test_blocks_nest_to_depth_four() -> None:
    blocks = {"b0": block("B0", "p0x", CONV)}
    for level in range(1, 5):
        inner = instance(f"b{level - 1}", "inner", repeat=2)
        blocks[f"b{level}"] = block(f"B{level}", f"p{level}x", inner)
    analysis = analyze(with_instances(instance("b4", "x"), **blocks))
    assert analysis.is_trainable
    path = "u0/p4x1/p3x1/p2x1/p1x1/p0x1"
    assert analysis.nodes[path].repeats == 16
    assert analysis.nodes[path].output_text == "B × 4 × 8 × 8"
    assert analysis.totals.parameters == 16 * CONV_PARAMETERS


def test_overrides_change_one_instance_only() -> None:
    widen = block("Widen", "p", CONV, filters=("p1", "out_channels"))
    analysis = analyze(
        with_instances(instance("b", "a"), instance("b", "c", overrides={"filters": 9}), b=widen)
    )
    assert analysis.nodes["u0"].output_text == "B × 4 × 8 × 8"
    assert analysis.nodes["u1/p1"].output_text == "B × 9 × 8 × 8"


def test_the_same_block_sees_different_shapes() -> None:
    halve = block("Halve", "p", node("MaxPool2d", "pool"))
    analysis = analyze(with_instances(instance("b", "a"), instance("b", "c"), b=halve))
    assert analysis.nodes["u0/p1"].output_text == "B × 4 × 4 × 4"
    assert analysis.nodes["u1/p1"].output_text == "B × 4 × 2 × 2"


def test_frozen_layers_and_instances_are_not_trained() -> None:
    frozen = CONV.model_copy(update={"is_frozen": True, "name": "frozen"})
    totals = analyze(chain(IMAGE, CONV, frozen, OUTPUT)).totals
    assert (totals.parameters, totals.trainable_parameters) == (
        2 * CONV_PARAMETERS,
        CONV_PARAMETERS,
    )
    made = with_instances(instance("b", "x", is_frozen=True), b=block("One", "p", CONV))
    totals = analyze(made).totals
    assert (totals.parameters, totals.trainable_parameters) == (CONV_PARAMETERS, 0)


def test_lengths_that_no_input_gives_are_named_and_count_one_step() -> None:
    size = {"channels": 3, "height": 32, "width": 32, "num_classes": 10}
    document = make_template("text_transformer", **size)
    one_step = analyze(document).totals
    assert one_step.open_lengths == ["T"]
    tokens = next(
        node_id for node_id, node in document.graph.nodes.items() if node.type == "TokenInput"
    )
    fixed, _ = apply_operation(document, SetParam(node_id=tokens, param="length", value=1))
    assert analyze(fixed).totals == one_step.model_copy(update={"open_lengths": []})
    assert analyze(make_template("resnet18", **size)).totals.open_lengths == []
