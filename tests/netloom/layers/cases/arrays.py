"""Operators as array libraries have them."""

from __future__ import annotations

from netloom.layers.shapes import Dim, Shape, image_shape
from tests.netloom.layers.cases.operators import FEATURES, IMAGE, POOLED, SEQUENCE, case, pair

FIXED: Shape = (Dim("N", 2), Dim("M", 3), Dim("F", 4))
BETWEEN = ("maximum", "minimum")

ARRAY_CASES = [
    case("declare", SEQUENCE, axes="BCT"),
    case("declare", FIXED, axes="BTF"),
    case("view", FIXED, shape=[6, 4]),
    case("triu", IMAGE),
    case("tril", SEQUENCE, diagonal=1),
    case("product", pair(IMAGE, image_shape(4, 8, 5))),
    case("product", pair(SEQUENCE, (Dim("F", 8),))),
    *(case(op, pair(IMAGE, IMAGE)) for op in BETWEEN),
    *(case(op, FEATURES) for op in ("sinh", "cosh", "asinh")),
    *(case(op, IMAGE) for op in ("isnan", "isinf", "isposinf", "isneginf")),
    case("one_hot", POOLED, num_classes=1000),
]
