"""Layers of weighted sums."""

from __future__ import annotations

from tests.netloom.layers.cases.table import (
    FEATURES,
    IMAGES,
    SEQUENCES,
    SIGNALS,
    VOLUMES,
    Cases,
    over,
)

PAIRS = (
    {"input_1": FEATURES[0], "input_2": FEATURES[1]},
    {"input_1": SEQUENCES[0], "input_2": SEQUENCES[0]},
)

CASES: Cases = {
    "Linear": over((*FEATURES, *SEQUENCES), {}, {"out_features": 3, "bias": False}),
    "LowRankLinear": over(
        (*FEATURES, *SEQUENCES), {"rank": 2}, {"rank": 3, "out_features": 5, "bias": False}
    ),
    "Bilinear": over(PAIRS, {}, {"out_features": 3, "bias": False}),
    "SqueezeExcite": over((*IMAGES, *SIGNALS, *VOLUMES), {}, {"reduction": 2}),
}
