"""Everything a run computed, as whoever downloads it sees it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

from tests.topology.program import Program


@dataclass(frozen=True, slots=True)
class Numbers:
    """Points of every curve, and the bytes of the weights in the last checkpoint's bundle."""

    curves: dict[tuple[str, str], tuple[list[int], list[float]]]
    weights: bytes

    def assert_same(self, other: Numbers) -> None:
        """The same bits: no point doubled, none lost, none different."""
        assert self.curves.keys() == other.curves.keys()
        for name, points in self.curves.items():
            assert other.curves[name] == points, name
        assert self.weights == other.weights


def numbers_of(api: Program, run_id: str) -> Numbers:
    told = api.get(f"/api/runs/{run_id}/metrics?max_points=20000")
    curves = {(one["split"], one["name"]): (one["steps"], one["values"]) for one in told["series"]}
    checkpoints: list[dict[str, Any]] = api.get(f"/api/runs/{run_id}/checkpoints")
    newest = max(checkpoints, key=lambda one: one["step"])
    with zipfile.ZipFile(io.BytesIO(api.download(f"/api/checkpoints/{newest['id']}/bundle"))) as it:
        return Numbers(curves, it.read("weights.safetensors"))
