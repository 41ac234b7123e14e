"""Poolings."""

from __future__ import annotations

from netloom.layers.shapes import Shape, image_shape, index_shape, signal_shape, volume_shape
from tests.netloom.layers.cases.table import IMAGES, SIGNALS, VOLUMES, Cases, over


def pooled(shape: Shape) -> dict[str, Shape]:
    """Return what a maximum pooling gives: numbers, and where they stood."""
    return {"input": shape, "indices": index_shape(shape)}


def pooled_from(shape: Shape, source: Shape) -> dict[str, Shape]:
    """Return what a maximum pooling of a known tensor gives."""
    return {"input": shape, "indices": index_shape(shape, source)}


CASES: Cases = {
    "MaxPool2d": over(
        IMAGES,
        {},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": [3, 2], "stride": [2, 3], "padding": [1, 0], "ceil_mode": True},
        {"kernel_size": 2, "stride": 3, "ceil_mode": True},
        {"kernel_size": 2, "stride": 4, "padding": 1, "ceil_mode": True},
        {"return_indices": True},
        {"dilation": [2, 3]},
        {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True},
        {"kernel_size": 3, "stride": 1, "dilation": 2, "return_indices": True},
    ),
    "AvgPool2d": over(
        IMAGES, {}, {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}
    ),
    "MaxPool1d": over(
        SIGNALS,
        {},
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"kernel_size": 4, "return_indices": True},
        {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 4, "return_indices": True},
        {"kernel_size": 2, "stride": 3, "dilation": 3, "ceil_mode": True},
    ),
    "MaxPool3d": over(
        VOLUMES,
        {},
        {"kernel_size": [2, 3, 1], "return_indices": True},
        {"kernel_size": 2, "stride": [1, 2, 3], "dilation": [3, 1, 2], "padding": 1},
    ),
    "AvgPool1d": over(
        SIGNALS, {}, {"kernel_size": 4, "padding": 2, "stride": 3, "count_include_pad": False}
    ),
    "AvgPool3d": over(VOLUMES, {}, {"kernel_size": [2, 3, 2], "stride": 2, "ceil_mode": True}),
    "LPPool1d": over(SIGNALS, {}, {"norm_type": 1.0, "kernel_size": 3, "stride": 2}),
    "LPPool2d": over(IMAGES, {"norm_type": 1.0}, {"kernel_size": [3, 2], "stride": 2}),
    "LPPool3d": over(VOLUMES, {"norm_type": 2.0, "kernel_size": [1, 2, 3]}),
    "AdaptiveAvgPool1d": over(SIGNALS, {}, {"output_size": 5}),
    "AdaptiveAvgPool2d": over(IMAGES, {}, {"output_size": [3, 2]}),
    "AdaptiveAvgPool3d": over(VOLUMES, {}, {"output_size": [3, 2, 5]}),
    "AdaptiveMaxPool1d": over(SIGNALS, {}, {"output_size": 5}),
    "AdaptiveMaxPool2d": over(IMAGES, {}, {"output_size": [3, 2]}),
    "AdaptiveMaxPool3d": over(VOLUMES, {}, {"output_size": [3, 2, 5]}),
    "GlobalAvgPool": over((*IMAGES, *SIGNALS, *VOLUMES)),
    "GlobalMaxPool": over((*IMAGES, *SIGNALS, *VOLUMES)),
    "MaxUnpool1d": [
        *over([pooled(shape) for shape in SIGNALS], {}, {"kernel_size": 3, "stride": 2}),
        *over([pooled_from(signal_shape(6, 19), signal_shape(6, 39))]),
    ],
    "MaxUnpool2d": [
        *over([pooled_from(image_shape(4, 5, 6), image_shape(4, 10, 12))]),
        *over([pooled(IMAGES[0])], {}, {"kernel_size": 3, "stride": 2, "padding": 1}),
        *over([pooled_from(image_shape(4, 5, 6), image_shape(4, 11, 12))]),
    ],
    "MaxUnpool3d": [
        *over([pooled_from(VOLUMES[0], volume_shape(4, 16, 18, 22))]),
        *over([pooled(VOLUMES[0])], {"kernel_size": [1, 2, 3]}),
        *over(
            [pooled_from(volume_shape(2, 3, 4, 5), volume_shape(2, 3, 9, 15))],
            {"kernel_size": [1, 2, 3]},
        ),
    ],
}
