"""Necks and heads of detectors and segmentation networks."""

from __future__ import annotations

from netloom.layers.shapes import image_shape, sequence_shape
from tests.netloom.layers.cases.table import Case, Cases, over

FINE, MIDDLE, COARSE = image_shape(4, 13, 16), image_shape(6, 7, 8), image_shape(3, 3, 4)
PYRAMID = {"input_1": FINE, "input_2": MIDDLE, "input_3": COARSE}
EVEN = {"input_1": image_shape(8, 6, 7), "input_2": image_shape(8, 3, 3)}
ONE = {"input_1": image_shape(6, 5, 4)}
BOXES = {"input": image_shape(3, 9, 7), "boxes": sequence_shape(4, 5)}

CASES: Cases = {
    "FeaturePyramid": [
        Case(PYRAMID, {"out_channels": 5}),
        Case(ONE, {"num_levels": 1, "out_channels": 4}),
    ],
    "AnchorFreeHead": over(
        (EVEN,), {"num_levels": 2, "num_classes": 3}, {"num_levels": 2, "num_convs": 0}
    )
    + over((ONE,), {"num_levels": 1, "num_convs": 1}),
    "AnchorHead": over((EVEN,), {"num_levels": 2, "num_classes": 3})
    + over((ONE,), {"num_levels": 1, "num_convs": 1, "num_anchors": 2}),
    "SegmentationHead": over((FINE, MIDDLE), {}, {"scale": 3, "hidden_channels": 5}),
    "RoIAlign": over(
        (BOXES, {**BOXES, "boxes": sequence_shape(4)}),
        {"stride": 1},
        {"output_size": [3, 2], "stride": 2, "num_samples": 3},
    ),
}
