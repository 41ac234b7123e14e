"""Convolutions."""

from __future__ import annotations

from tests.netloom.layers.cases.table import IMAGES, Cases, over

CASES: Cases = {
    "Conv2d": over(
        IMAGES,
        {},
        {"out_channels": 5, "kernel_size": [5, 3], "stride": 2, "padding": [1, 0]},
        {"kernel_size": 4},
        {"kernel_size": 5, "stride": 3},
        {"kernel_size": 3, "dilation": [2, 1], "padding": 2, "bias": False},
        {"kernel_size": [2, 4], "dilation": 2, "stride": 2},
        {"out_channels": 8, "groups": 2},
    ),
}
