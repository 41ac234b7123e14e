"""Necks and heads of detectors and segmentation networks."""

from __future__ import annotations

from netloom.layers.shapes import (
    Dim,
    Shape,
    detections_shape,
    feature_shape,
    image_shape,
    sequence_shape,
)
from netloom.layers.sizes import symbol
from tests.netloom.layers.cases.table import Case, Cases, over

FINE, MIDDLE, COARSE = image_shape(4, 13, 16), image_shape(6, 7, 8), image_shape(3, 3, 4)
PYRAMID = {"input_1": FINE, "input_2": MIDDLE, "input_3": COARSE}
EVEN = {"input_1": image_shape(8, 6, 7), "input_2": image_shape(8, 3, 3)}
ONE = {"input_1": image_shape(6, 5, 4)}
BOXES = {"input": image_shape(3, 9, 7), "boxes": sequence_shape(4, 5)}
SIZES = feature_shape(6)


def of_levels(fixed: dict[str, Shape], **channels: int) -> dict[str, Shape]:
    """Return two levels of maps, then other ports."""
    return {
        f"{stem}_{level}": image_shape(width, *side)
        for level, side in enumerate(((4, 5), (2, 3)), start=1)
        for stem, width in channels.items()
    } | fixed


def of_regions(count: int, *sizes: tuple[str, int]) -> Shape:
    """Return so many rows for every image, one after the other."""
    return (Dim("B", symbol("B") * count), *(Dim(axis, size) for axis, size in sizes))


TWO = {"num_levels": 2, "sizes": [9.0, 22.0]}
WITH_SIZES = {"sizes": SIZES}

CASES: Cases = {
    "FeaturePyramid": [
        Case(PYRAMID, {"out_channels": 5}),
        Case(ONE, {"num_levels": 1, "out_channels": 4}),
    ],
    "AnchorFreeHead": over(
        (EVEN,), {"num_levels": 2, "num_classes": 3}, {"num_levels": 2, "num_convs": 0}
    )
    + over((ONE,), {"num_levels": 1, "num_convs": 1}),
    "AnchorHead": over(
        (EVEN,), {"num_levels": 2, "num_classes": 3}, {"num_levels": 2, "has_norm": True}
    )
    + over((ONE,), {"num_levels": 1, "num_convs": 1, "num_anchors": 2}),
    "SegmentationHead": over((FINE, MIDDLE), {}, {"scale": 3, "hidden_channels": 5}),
    "RoIAlign": over(
        (BOXES, {**BOXES, "boxes": sequence_shape(4)}),
        {"stride": 1},
        {"output_size": [3, 2], "stride": 2, "num_samples": 3},
    ),
    "DetectionTransform": over(
        (image_shape(3, 31, 47),),
        {},
        {"min_size": 20, "max_size": 24, "size_divisible": 16},
        {"fixed_size": [12, 9], "size_divisible": 1, "mean": [0.5, 0.0, 0.0]},
        {"min_size": 0},
    ),
    "Detections": [
        Case({"boxes": sequence_shape(4, 7), "scores": sequence_shape(3, 7)}, {}),
        Case(
            {
                "boxes": sequence_shape(4, 7),
                "scores": sequence_shape(3, 7),
                "image": image_shape(3, 9, 8),
            },
            {
                "is_relative": True,
                "background": 0,
                "scores": "softmax",
                "box_format": "center",
                "max_detections": 4,
                "score_threshold": 0.1,
            },
        ),
    ],
    "PriorBoxes": [
        Case(
            {"offsets": sequence_shape(4, 2 * 5 * 4 + 3 * 2), "image": image_shape(3, 19, 25)},
            {"strides": [5, 10], "sizes_per_level": [2, 1], "sizes": [4.0, 9.0, 12.0]},
        ),
        Case(
            {"offsets": sequence_shape(4, 3 * 3 * 2), "image": image_shape(1, 20, 12)},
            {
                "strides": [8],
                "sizes_per_level": [3],
                "sizes": [8.0, 16.0, 24.0],
                "center_variance": 0.2,
                "size_variance": 0.5,
                "is_clipped": True,
            },
        ),
    ],
    "GridBoxes": over((image_shape(8, 3, 4),), {}, {"objectness_weight": 0.5}),
    "AnchorDetections": [
        Case(of_levels(WITH_SIZES, **{"class": 6, "box": 12}), TWO),
        Case(
            of_levels(WITH_SIZES, **{"class": 6, "box": 8}),
            TWO | {"aspect_ratios": [0.5, 1.5], "max_detections": 5, "max_candidates": 7},
        ),
    ],
    "AnchorFreeDetections": [
        Case(of_levels(WITH_SIZES, **{"class": 2, "box": 4, "center": 1}), TWO),
        Case(
            of_levels(WITH_SIZES, **{"class": 2, "box": 4, "center": 1}),
            TWO | {"score_threshold": 0.4, "iou_threshold": 0.3},
        ),
    ],
    "DefaultBoxDetections": [
        Case(
            of_levels(WITH_SIZES, **{"class": 6, "box": 8}),
            {"num_levels": 2, "default_boxes": [0.1, 0.2, 0.2, 0.1, 0.5, 0.5, 0.4, 0.6]},
        ),
        Case(
            of_levels(WITH_SIZES, **{"class": 3, "box": 4}),
            {"num_levels": 2, "default_boxes": [0.1, 0.2, 0.5, 0.5], "steps": [8.0, 16.0]},
        ),
    ],
    "RegionProposalHead": over((EVEN,), {"num_levels": 2}, {"num_levels": 2, "num_convs": 2}),
    "RegionProposals": [
        Case(
            of_levels(WITH_SIZES, object=3, box=12),
            TWO | {"max_detections": 6, "max_candidates": 9},
        ),
    ],
    "RegionAlign": [
        Case(
            of_levels({"boxes": sequence_shape(4, 5), "sizes": SIZES}, input=4),
            {"num_levels": 2, "output_size": [3, 2]},
        ),
        Case(
            {"input_1": image_shape(4, 6, 6), "boxes": sequence_shape(4, 5), "sizes": SIZES},
            {"num_levels": 1, "num_samples": 1},
        ),
    ],
    "RegionDetections": [
        Case(
            {
                "regions": sequence_shape(4, 5),
                "scores": of_regions(5, ("F", 3)),
                "offsets": of_regions(5, ("F", 12)),
                "sizes": SIZES,
            },
            raw,
        )
        for raw in ({}, {"gives_boxes": True, "max_detections": 3, "iou_threshold": 0.2})
    ],
    "RegionMasks": [
        Case(
            {
                "scores": of_regions(5, ("C", 3), ("H", 4), ("W", 4)),
                "detections": detections_shape(5),
                "image": image_shape(3, 12, 10),
            },
            {},
        ),
    ],
    "RegionKeypoints": [
        Case(
            {
                "maps": of_regions(5, ("C", 3), ("H", 4), ("W", 4)),
                "boxes": sequence_shape(4, 5),
                "sizes": SIZES,
            },
            {},
        ),
    ],
}
