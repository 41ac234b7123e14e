"""Layers of several tensors."""

from __future__ import annotations

from netloom.layers.shapes import image_shape
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
PER_CHANNEL = {"input_1": image_shape(4, 5, 6), "input_2": image_shape(4, 1, 1)}
COLUMNS = {"input_1": SEQUENCES[0], "input_2": SEQUENCES[0]}

CASES: Cases = {
    "Add": over((*SHAPES, SIGNALS[0], VOLUMES[0]), {}, {"num_inputs": 4}),
    "Multiply": over(SHAPES, {}, {"num_inputs": 3}),
    "Subtract": over((*SHAPES, PER_CHANNEL), {}) + over(SHAPES, {"num_inputs": 3}),
    "Divide": over(SHAPES, {}, {"num_inputs": 3}),
    "Average": over((*SHAPES, PER_CHANNEL), {}) + over(SHAPES, {"num_inputs": 3}),
    "Maximum": over((*SHAPES, PER_CHANNEL), {}) + over(SHAPES, {"num_inputs": 4}),
    "Minimum": over(SHAPES, {}, {"num_inputs": 3}),
    "Concatenate": over((*SHAPES, *SIGNALS, *SEQUENCES), {}, {"num_inputs": 3})
    + over(SIGNALS, {"axis": "T"})
    + over(VOLUMES, {"axis": "D"}),
    "Stack": over(SHAPES, {}, {"num_inputs": 3}),
    "MatMul": [
        *over([COLUMNS], {"transpose_second": True}),
        *over([{"input_1": SIGNALS[1], "input_2": SIGNALS[1]}], {"transpose_second": True}),
        *over([{"input_1": SIGNALS[0], "input_2": SEQUENCES[0]}]),
        *over([{"input_1": image_shape(3, 4, 5), "input_2": image_shape(3, 5, 2)}]),
    ],
    "Einsum": [
        *over([COLUMNS, {"input_1": SEQUENCES[1], "input_2": SEQUENCES[1]}]),
        *over(IMAGES, {"pattern": "bchw, bchw -> bhw"}, {"pattern": "bchw,bchw->bc"}),
        *over(FEATURES, {"pattern": "bi,bi,bi->bi", "num_inputs": 3}, {"pattern": "bi,bi->bi"}),
    ],
    "Gate": over(
        [
            *({"input": shape, "gate": shape} for shape in (*SHAPES, *SEQUENCES)),
            {"input": image_shape(4, 5, 6), "gate": image_shape(1, 5, 6)},
        ]
    ),
}
