"""Poolings."""

from __future__ import annotations

from tests.netloom.layers.cases.table import IMAGES, Cases, over

CASES: Cases = {
    "MaxPool2d": over(
        IMAGES,
        {},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": [3, 2], "stride": [2, 3], "padding": [1, 0], "ceil_mode": True},
        {"kernel_size": 2, "stride": 3, "ceil_mode": True},
        {"kernel_size": 2, "stride": 4, "padding": 1, "ceil_mode": True},
        {"return_indices": True},
    ),
    "AvgPool2d": over(
        IMAGES, {}, {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}
    ),
    "AdaptiveAvgPool2d": over(IMAGES, {}, {"output_size": [3, 2]}),
}
