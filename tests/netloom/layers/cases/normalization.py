"""Normalisations."""

from __future__ import annotations

from tests.netloom.layers.cases.table import FEATURES, IMAGES, Cases, over

CASES: Cases = {
    "BatchNorm2d": over(IMAGES, {}, {"affine": False}, {"eps": 1e-3, "momentum": 0.5}),
    "LayerNorm": over((*IMAGES, *FEATURES), {}, {"eps": 1e-3, "elementwise_affine": False}),
}
