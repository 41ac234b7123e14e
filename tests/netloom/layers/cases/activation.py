"""Activations."""

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

SHAPES = (*IMAGES, *FEATURES)
SOME = (IMAGES[0], FEATURES[0], *SEQUENCES)

CASES: Cases = {
    "ReLU": over(SHAPES),
    "LeakyReLU": over(SHAPES, {}, {"negative_slope": 0.2}),
    "GELU": over(SHAPES, {}, {"approximate": "tanh"}),
    "SiLU": over(SHAPES),
    "Sigmoid": over(SHAPES),
    "Tanh": over(SHAPES),
    "Softmax": over((*SHAPES, *SIGNALS, *SEQUENCES)),
    "LogSoftmax": over(SOME),
    "Softmin": over(SOME),
    "ReLU6": over(SOME),
    "ELU": over(SOME, {}, {"alpha": 0.5}),
    "CELU": over(SOME, {}, {"alpha": 0.5}),
    "SELU": over(SOME),
    "RReLU": over(SOME, {}, {"lower": 0.25, "upper": 0.5}),
    "Mish": over(SOME),
    "Softplus": over(SOME, {}, {"beta": 2.0, "threshold": 1.0}),
    "Softsign": over(SOME),
    "LogSigmoid": over(SOME),
    "Hardsigmoid": over(SOME),
    "Hardswish": over(SOME),
    "Hardtanh": over(SOME, {}, {"min_val": -0.5, "max_val": 2.0}),
    "Hardshrink": over(SOME, {}, {"lambd": 0.1}),
    "Softshrink": over(SOME, {}, {"lambd": 0.1}),
    "Tanhshrink": over(SOME),
    "Threshold": over(SOME, {}, {"threshold": 0.5, "value": -1.0}),
    "PReLU": [
        *over((*SOME, *VOLUMES), {}, {"init": 0.5}),
        *over((IMAGES[0], FEATURES[0], SIGNALS[0]), {"per_channel": True}),
    ],
    "GLU": over((*IMAGES, FEATURES[1], *SIGNALS, *SEQUENCES)),
}
