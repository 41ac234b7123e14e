"""Activations."""

from __future__ import annotations

from tests.netloom.layers.cases.table import FEATURES, IMAGES, Cases, over

SHAPES = (*IMAGES, *FEATURES)

CASES: Cases = {
    "ReLU": over(SHAPES),
    "LeakyReLU": over(SHAPES, {}, {"negative_slope": 0.2}),
    "GELU": over(SHAPES, {}, {"approximate": "tanh"}),
    "SiLU": over(SHAPES),
    "Sigmoid": over(SHAPES),
    "Tanh": over(SHAPES),
    "Softmax": over(SHAPES),
}
