"""What a border around a tensor may be filled with, and how far layers see over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from netloom.layers.base import SetParams, ShapeProblem
from netloom.layers.reach import Reach, Slide, Step
from netloom.layers.shapes import Shape, named_shape_text
from netloom.layers.sizes import Size

BorderMode = Literal["zeros", "constant", "reflect", "replicate", "circular"]


def border_problem(
    mode: BorderMode,
    param: str,
    shape: Shape,
    sizes: Sequence[Size],
    borders: Sequence[tuple[int, int]],
) -> ShapeProblem | None:
    """Return a problem when a border would hold more than there is to mirror or to wrap.

    Args:
        param: What the layer calls the mode.
        borders: How much stands before and behind in each direction.
    """
    if mode not in ("reflect", "circular"):
        return None
    slack = 1 if mode == "reflect" else 0
    for size, border in zip(sizes, borders, strict=True):
        if isinstance(size, int) and max(border) > size - slack:
            return ShapeProblem(
                f"Mode {mode} cannot add {max(border)} to a side of {size}: "
                f"{named_shape_text(shape)} holds too little to take it from.",
                port="input",
                param="padding",
                suggestions=(SetParams("Repeat the outermost numbers", {param: "replicate"}),),
            )
    return None


def sliding_over_border(
    mode: BorderMode,
    axes: str,
    windows: Sequence[int],
    stride: Sequence[int],
    borders: Sequence[tuple[int, int]],
) -> Reach:
    """Return the reach of a window over an input with such a border, with one number per axis."""
    along: dict[str, Step | None] = {}
    for axis, window, step, border in zip(axes, windows, stride, borders, strict=True):
        if mode == "circular" and any(border):
            along[axis] = None
            continue
        # A mirrored border shows positions that the window itself may not reach.
        behind, before = (_further(mode, size, window) for size in border)
        along[axis] = Slide(before + window + behind, step, border[0] + before)
    return Reach(along)


def _further(mode: BorderMode, size: int, window: int) -> int:
    """Return how many positions beyond its end a window at a border of this size sees."""
    if mode == "reflect":
        return max(0, 2 * size + 1 - window)
    return max(0, size + 1 - window) if mode == "replicate" else 0
