"""Networks of sequences, signals and tokens, and of several inputs.

B batch, C channels, T time, F features.
"""

from __future__ import annotations

import torch

from netloom.analyze import analyze
from netloom.compile import build_module
from tests.netloom.compile.networks import chain, network, node
from tests.netloom.compile.test_source import assert_same_network


def test_inputs_with_a_time_axis_keep_it_open_unless_its_length_is_known() -> None:
    for name, params, shape in (
        ("SequenceInput", {"num_features": 5}, "B × T × 5"),
        ("SequenceInput", {"num_features": 5, "length": 7}, "B × 7 × 5"),
        ("SignalInput", {"channels": 2}, "B × 2 × T"),
        ("TokenInput", {"length_symbol": "S"}, "B × S"),
    ):
        analysis = analyze(chain(node(name, "data", **params), node("Output", "out")))
        assert analysis.nodes["n0"].output_text == shape
        assert analysis.is_trainable


def test_two_inputs_of_different_kinds_meet_in_one_network() -> None:
    document = network(
        {
            "s": node("SequenceInput", "steps", num_features=5, length=3),
            "t": node("FeatureInput", "table", num_features=4),
            "f": node("Flatten", "flatten"),
            "k": node("Concatenate", "joined"),
            "l": node("Linear", "head", out_features=2),
            "o": node("Output", "logits"),
        },
        "s>f", "f>k.input_1", "t>k.input_2", "k>l", "l>o",
    )  # fmt: skip
    assert analyze(document).totals.parameters == 19 * 2 + 2
    source = assert_same_network(document)
    assert "def forward(self, steps: torch.Tensor, table: torch.Tensor)" in source
    net = build_module(document)
    steps_BTF = torch.randn(3, 3, 5, requires_grad=True)
    table_BF = torch.randn(3, 4, requires_grad=True)
    net(steps_BTF, table_BF).square().sum().backward()
    for given in (steps_BTF, table_BF):
        assert given.grad is not None
        assert given.grad.abs().sum() > 0
