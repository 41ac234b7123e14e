"""Layers of weighted sums."""

from __future__ import annotations

from tests.netloom.layers.cases.table import FEATURES, Cases, over

CASES: Cases = {"Linear": over(FEATURES, {}, {"out_features": 3, "bias": False})}
