"""Layers that rearrange numbers, take parts of them, or make fewer of them."""

from __future__ import annotations

from netloom.layers.shapes import BATCH, Dim, image_shape, sequence_shape, volume_shape
from tests.netloom.layers.cases.table import (
    ANY,
    FEATURES,
    IMAGES,
    SEQUENCES,
    SIGNALS,
    VOLUMES,
    Cases,
    over,
)

POSITIONS = (*IMAGES, *SIGNALS, *VOLUMES)
COLUMN = image_shape(5, 1, 9)
STEP = sequence_shape(8, 1)
SMALLER = {"input": IMAGES[0], "like": image_shape(2, 7, 10)}
SMALLER_VOLUME = {"input": VOLUMES[0], "like": volume_shape(2, 2, 3, 3)}
LONG_LAST = (BATCH, Dim("H", 3), Dim("W", 4), Dim("F", 5))

CASES: Cases = {
    "Flatten": [
        *over(ANY),
        *over(IMAGES, {"from_axis": "H"}, {"to_axis": "H"}, {"from_axis": "C", "to_axis": "H"}),
        *over(VOLUMES, {"from_axis": "D", "to_axis": "H"}),
    ],
    "Reshape": [
        *over(ANY, {}),
        *over(IMAGES[:1], {"shape": "C=8, H=?, W=13"}, {"shape": "C = 4 T = 208"}),
        *over(SIGNALS, {"shape": "F=?, T=2"}),
        *over(SEQUENCES[:1], {"shape": "T=?, F=4"}),
    ],
    "Permute": [
        *over((*SIGNALS, *SEQUENCES)),
        *over((*IMAGES, LONG_LAST), {"order": [0, 2, 3, 1]}, {"order": [0, 3, 1, 2]}),
    ],
    "Squeeze": [*over([COLUMN], {"axis": "H"}), *over([STEP])],
    "Unsqueeze": [
        *over(FEATURES),
        *over(IMAGES, {"axis": "D", "position": 2}),
        *over(SIGNALS, {"axis": "H", "position": 2}),
        *over(SEQUENCES, {"axis": "C", "position": 3}),
    ],
    "Slice": [
        *over(IMAGES, {}, {"start": 1, "stop": 3}, {"axis": "W", "start": -5, "step": 2}),
        *over(SIGNALS, {"axis": "T", "start": 1, "stop": -2, "step": 2}),
        *over(SEQUENCES, {"axis": "T", "start": -1}, {"axis": "T", "stop": 3}),
    ],
    "Crop2d": [*over(IMAGES, {"height": 5, "width": 8}), *over([SMALLER], {"to_input": True})],
    "Crop3d": [
        *over(VOLUMES, {"depth": 2, "height": 3, "width": 3}),
        *over([SMALLER_VOLUME], {"to_input": True}),
    ],
    "Pad": [
        *over(
            POSITIONS,
            {},
            {"mode": "reflect"},
            {"mode": "replicate", "padding": 2},
            {"mode": "circular"},
            {"value": 2.5},
        ),
        *over(IMAGES, {"padding": [1, 2, 3, 0]}, {"padding": [0, 4, 1, 1], "mode": "reflect"}),
        *over(SIGNALS, {"padding": [2, 0]}),
        *over(VOLUMES, {"padding": [1, 2, 3, 4, 5, 6]}),
    ],
    "Upsample": [
        *over(POSITIONS, {}, {"mode": "linear", "scale_factor": 3}, {"size": 7}),
        *over(
            IMAGES, {"mode": "cubic", "align_corners": True}, {"size": [5, 20], "mode": "linear"}
        ),
    ],
    "PixelShuffle": over(IMAGES[:1]) + over([image_shape(18, 4, 5)], {"factor": 3}),
    "PixelUnshuffle": over([image_shape(3, 12, 6)], {}, {"factor": 3}),
    "ChannelShuffle": over(IMAGES, {}, {"groups": 1}),
    "Rearrange": [
        *over([image_shape(3, 8, 12)]),
        *over(SEQUENCES, {"pattern": "b t (n f) -> b n t f", "sizes": "n = 2"}),
        *over(SIGNALS, {"pattern": "b (c k) t -> b c (t k)", "sizes": "k=2"}),
        *over(IMAGES, {"pattern": "b c h w -> b (c h w)", "sizes": ""}),
        *over(
            [image_shape(8, 3, 5)],
            {"pattern": "b (c p q) h w -> b c (h p) (w q)", "sizes": "p=2,q=2"},
        ),
    ],
    "Mean": [
        *over(POSITIONS, {}, {"keep_axes": True}),
        *over(SEQUENCES, {}, {"axes": "F"}, {"axes": "TF", "keep_axes": True}),
        *over(IMAGES, {"axes": "C, W"}, {"axes": "W"}),
    ],
    "Sum": over(POSITIONS) + over(SIGNALS, {"axes": "C"}),
    "Max": over((*POSITIONS, *SEQUENCES)),
    "Min": over((*POSITIONS, *SEQUENCES), {}, {"keep_axes": True}),
}
