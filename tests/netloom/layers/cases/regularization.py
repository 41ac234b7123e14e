"""Layers that act in training alone."""

from __future__ import annotations

from tests.netloom.layers.cases.table import FEATURES, IMAGES, SIGNALS, VOLUMES, Cases, over

SHAPES = (*IMAGES, *FEATURES)

CASES: Cases = {
    "AlphaDropout": over(SHAPES),
    "Dropout1d": over(SIGNALS),
    "Dropout2d": over(IMAGES, {}, {"p": 0.2}),
    "Dropout3d": over(VOLUMES),
    "FeatureAlphaDropout": over((*IMAGES, *SIGNALS, *VOLUMES)),
    "GaussianNoise": over(SHAPES, {}, {"std": 0.0}),
    "Dropout": over(SHAPES, {}, {"p": 0.25}),
    "StochasticDepth": over(SHAPES, {}, {"p": 0.0}, {"p": 1.0}),
}
