"""What the catalogue says a layer takes is what its shape rule takes."""

from __future__ import annotations

import pytest

from netloom.layers import describe_layers

ACCEPTED = {layer.type: layer.accepts for layer in describe_layers()}


@pytest.mark.parametrize(
    ("layer", "accepted"),
    [
        ("Conv2d", ["BCHW"]),
        ("Conv1d", ["BCT"]),
        ("Linear", ["BF", "BTF"]),
        ("Embedding", ["BT"]),
        ("LSTM", ["BTF"]),
        ("CrossAttention", ["BTF"]),
        ("MaxUnpool2d", ["BCHW"]),
        ("ImageInput", []),
    ],
)
def test_the_axes_a_layer_takes_are_declared(layer: str, accepted: list[str]) -> None:
    assert ACCEPTED[layer] == accepted


def test_what_computes_each_number_on_its_own_takes_all_but_tokens() -> None:
    assert ACCEPTED["ReLU"] == ["BF", "BTF", "BCT", "BCHW", "BCDHW"]
