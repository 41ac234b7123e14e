"""Layers that rearrange numbers."""

from __future__ import annotations

from tests.netloom.layers.cases.table import FEATURES, IMAGES, Cases, over

CASES: Cases = {"Flatten": over((*IMAGES, *FEATURES))}
