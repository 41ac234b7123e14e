"""Layers of several tensors."""

from __future__ import annotations

from tests.netloom.layers.cases.table import FEATURES, IMAGES, Cases, over

SHAPES = (*IMAGES, *FEATURES)

CASES: Cases = {
    "Add": over(SHAPES, {}, {"num_inputs": 4}),
    "Multiply": over(SHAPES, {}, {"num_inputs": 3}),
    "Concatenate": over(SHAPES, {}, {"num_inputs": 3}),
}
