"""Windows that slide over an input, and what Keras pads around it for “same”."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netloom.formats.keras.settings import Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.graph.document import ParamValue
from netloom.layers.sliding import DIRECTIONS

LEAST = -1e9
"""Stands for minus infinity in the border of a max pooling."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window in each direction, and what “same” pads for it."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str

    @classmethod
    def read(cls, settings: Settings, count: int, *, size: str, stride: str = "strides") -> Window:
        """Read the settings of a layer."""
        kernel = settings.wholes(size, count)
        default = 1 if size == "kernel_size" else None
        strides = (
            settings.wholes(stride, count, default)
            if settings.has(stride) or default is not None
            else kernel
        )
        dilation = settings.wholes("dilation_rate", count, 1)
        if min(*kernel, *strides, *dilation, 1) < 1:
            raise NoLayer("its window has a size below 1")
        return cls(kernel, strides, dilation, settings.text("padding", "valid"))

    def borders(self, value: Value) -> list[tuple[int, int]]:
        """Return how much Keras pads before and behind in each direction."""
        count = len(self.kernel)
        if self.padding == "valid":
            return [(0, 0)] * count
        spans = [1 + (k - 1) * d for k, d in zip(self.kernel, self.dilation, strict=True)]
        if self.padding == "causal" and count == 1:
            return [(spans[0] - 1, 0)]
        if self.padding != "same":
            raise NoLayer(f"the padding “{self.padding}” is not known here")
        borders: list[tuple[int, int]] = []
        for axis, span, step in zip(DIRECTIONS[count], spans, self.stride, strict=True):
            if step == 1:
                total = span - 1
            else:
                size = value.size(axis)
                total = max((-(-size // step) - 1) * step + span - size, 0)
            borders.append((total // 2, total - total // 2))
        return borders


def per_direction(values: Sequence[int]) -> ParamValue:
    """Return sizes as a parameter: one number for one direction."""
    return values[0] if len(values) == 1 else list(values)


def pad(
    sheet: Sheet, value: Value, borders: Sequence[tuple[int, int]], *, fill: float = 0.0
) -> Value:
    """Draw a border; torch counts from the last direction."""
    if not any(any(pair) for pair in borders):
        return value
    flat = [size for pair in reversed(borders) for size in pair]
    return sheet.add("Pad", value, suffix="pad", padding=flat, value=fill)


def is_even(borders: Sequence[tuple[int, int]]) -> bool:
    """Say whether as much is padded before as behind."""
    return all(before == behind for before, behind in borders)
