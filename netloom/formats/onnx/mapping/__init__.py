"""Which function draws which operator of ONNX: one file for each family."""

from __future__ import annotations

from netloom.formats.onnx.mapping import (
    activations,
    borders,
    convolution,
    elementwise,
    linear,
    lookup,
    normalisation,
    pieces,
    pooling,
    recurrent,
    reduction,
    resizing,
    shaping,
)
from netloom.formats.onnx.mapping.state import Maps

MAPPINGS: Maps = {
    name: draw
    for family in (
        elementwise, activations, convolution, pooling, normalisation, linear, reduction, shaping,
        pieces, borders, lookup, resizing, recurrent,
    )
    for name, draw in family.MAPS.items()
}  # fmt: skip
"""By the operator's name; operators of other domains are placeholders."""
