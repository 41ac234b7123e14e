"""Layers that act in training alone."""

from __future__ import annotations

from tests.netloom.layers.cases.table import FEATURES, IMAGES, Cases, over

SHAPES = (*IMAGES, *FEATURES)

CASES: Cases = {
    "Dropout": over(SHAPES, {}, {"p": 0.25}),
    "StochasticDepth": over(SHAPES, {}, {"p": 0.0}, {"p": 1.0}),
}
