"""Where padding is passed over.

Masks of Keras go from layer to layer unseen: here, too, they begin at an Embedding with `mask_zero`
and are drawn where a layer asks for one. Functional models of Keras 3 also hold the operators that
compute them, which say the same again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from netloom.formats.keras.model import Call, KerasLayer, Ref
from netloom.formats.keras.sheet import Value

if TYPE_CHECKING:
    from netloom.formats.keras.layers import Use

_OPERATORS = frozenset({"NotEqual", "Any"})
"""What Embedding and Masking compute their masks with."""

_KEEPS = frozenset(
    {
        "Dense", "LSTM", "GRU", "SimpleRNN", "Bidirectional", "Activation", "ReLU", "LeakyReLU",
        "ELU", "PReLU", "Softmax", "Dropout", "AlphaDropout", "GaussianDropout", "SpatialDropout1D",
        "GaussianNoise", "ActivityRegularization", "Identity", "BatchNormalization",
        "LayerNormalization", "Masking",
    }
)  # fmt: skip
"""What leaves these is padding where what arrives is."""
_JOINS = frozenset(
    {"MultiHeadAttention", "Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract",
     "Concatenate"}
)  # fmt: skip
"""These heed masks in Keras, and do not here."""


def passed_on(use: Use, value: Value) -> Value:
    """Return what a layer gives, which is padding where its input is."""
    given = [each.tokens for each in use.inputs if each.tokens is not None]
    if not given:
        return value
    if use.kind in _JOINS:
        use.sheet.say(
            "Padding (mask_zero) takes part in it here and behind it; Keras leaves it out."
        )
    if use.kind in _KEEPS and value.rank == 2:
        return replace(value, tokens=given[0])
    return value


def without_mask_operators(
    layers: Sequence[KerasLayer], outputs: Sequence[Ref]
) -> list[KerasLayer]:
    """Return layers without the operators that compute masks and nothing else.

    A call whose mask is computed in another way is odd.
    """
    by_name = {layer.name: layer for layer in layers}
    kept = [
        replace(layer, calls=tuple(_told(call, by_name) for call in layer.calls))
        for layer in layers
    ]
    while True:
        used = {ref.layer for layer in kept for call in layer.calls for ref in call.inputs}
        used |= {ref.layer for ref in outputs}
        fewer = [each for each in kept if each.kind not in _OPERATORS or each.name in used]
        if len(fewer) == len(kept):
            return kept
        kept = fewer


def _told(call: Call, by_name: dict[str, KerasLayer]) -> Call:
    kinds = {by_name[ref.layer].kind for ref in call.masks if ref.layer in by_name}
    return replace(call, is_odd=call.is_odd or not kinds <= _OPERATORS)
