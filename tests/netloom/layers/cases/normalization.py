"""Normalisations."""

from __future__ import annotations

from tests.netloom.layers.cases.table import (
    FEATURES,
    IMAGES,
    SEQUENCES,
    SIGNALS,
    VOLUMES,
    Cases,
    over,
)

POSITIONS = (*IMAGES, *SIGNALS, *VOLUMES)
AFFINE = {"affine": True, "eps": 1e-3}

CASES: Cases = {
    "BatchNorm1d": over((*FEATURES, *SIGNALS), {}, {"affine": False}),
    "BatchNorm2d": over(IMAGES, {}, {"affine": False}, {"eps": 1e-3, "momentum": 0.5}),
    "BatchNorm3d": over(VOLUMES, {}, {"momentum": 0.2}),
    "GroupNorm": over(
        (*POSITIONS, FEATURES[1]),
        {"num_groups": 2},
        {"num_groups": 1, "affine": False},
        {"num_groups": 2, "eps": 1e-3},
    ),
    "InstanceNorm1d": over(SIGNALS, {}, AFFINE),
    "InstanceNorm2d": over(IMAGES, {}, AFFINE),
    "InstanceNorm3d": over(VOLUMES, {}, AFFINE),
    "LayerNorm": over(
        (*IMAGES, *FEATURES, *SEQUENCES),
        {},
        {"eps": 1e-3, "elementwise_affine": False},
        {"over": "last"},
    ),
    "RMSNorm": over(
        (*IMAGES, *FEATURES, *SEQUENCES),
        {},
        {"over": "sample", "eps": 1e-3},
        {"elementwise_affine": False},
    ),
    "LocalResponseNorm": over(POSITIONS, {}, {"size": 2, "alpha": 0.1, "beta": 0.5, "k": 2.0}),
}
