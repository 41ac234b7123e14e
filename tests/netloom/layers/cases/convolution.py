"""Convolutions."""

from __future__ import annotations

from tests.netloom.layers.cases.table import IMAGES, SIGNALS, VOLUMES, Cases, over

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
        {"kernel_size": 5, "padding_mode": "reflect"},
        {"kernel_size": [3, 4], "padding_mode": "circular"},
        {"kernel_size": 3, "padding": [4, 1], "stride": 2, "padding_mode": "reflect"},
        {"kernel_size": 3, "padding": 2, "dilation": 2, "padding_mode": "replicate"},
    ),
    "Conv1d": over(
        SIGNALS,
        {},
        {"out_channels": 5, "kernel_size": 5, "stride": 2, "padding": 1},
        {"kernel_size": 3, "stride": 3, "dilation": 2, "bias": False},
        {"kernel_size": 4, "out_channels": 4, "groups": 2},
        {"kernel_size": 7, "stride": 4},
        {"kernel_size": 4, "padding_mode": "reflect"},
        {"kernel_size": 5, "padding": 4, "padding_mode": "circular"},
        {"kernel_size": 2, "padding": 6, "padding_mode": "replicate"},
    ),
    "Conv3d": over(
        VOLUMES,
        {},
        {"out_channels": 3, "kernel_size": [1, 3, 2], "stride": [1, 2, 1], "padding": [0, 1, 1]},
        {"kernel_size": 3, "dilation": 2, "padding": 2, "groups": 4, "bias": False},
        {"kernel_size": 2},
        {"kernel_size": [3, 5, 1], "padding_mode": "replicate"},
        {"kernel_size": 4, "padding_mode": "circular"},
        {"kernel_size": 5, "padding_mode": "reflect", "stride": 2},
    ),
    "ConvTranspose1d": over(
        SIGNALS,
        {},
        {"kernel_size": 5, "stride": 3, "padding": 2, "output_padding": 1, "bias": False},
        {"kernel_size": 3, "stride": 1, "dilation": 2, "out_channels": 6, "groups": 2},
    ),
    "ConvTranspose2d": over(
        IMAGES,
        {},
        {"kernel_size": [3, 4], "stride": 2, "padding": 1, "output_padding": [1, 0]},
        {"kernel_size": 3, "stride": 1, "dilation": [1, 2], "bias": False},
        {"kernel_size": 1, "stride": 2, "out_channels": 8, "groups": 2},
    ),
    "ConvTranspose3d": over(VOLUMES, {}, {"kernel_size": 3, "padding": [1, 0, 1]}),
    "SeparableConv1d": over(
        SIGNALS,
        {},
        {"out_channels": 5, "kernel_size": 5, "stride": 2, "padding": 1},
        {"kernel_size": 3, "dilation": 2, "out_channels": 6, "groups": 2, "bias": False},
    ),
    "SeparableConv3d": over(VOLUMES, {}, {"kernel_size": [1, 3, 3], "padding": [0, 1, 0]}),
    "SeparableConv2d": over(
        IMAGES,
        {},
        {"out_channels": 5, "kernel_size": [5, 3], "stride": 2, "padding": [1, 0]},
        {"kernel_size": 4, "bias": False},
        {"kernel_size": 3, "dilation": 2, "out_channels": 6, "groups": 2},
    ),
}
