"""Output sizes of sliding windows (convolution and pooling), and what to do when none fits.

Sizes come one per direction: T in one dimension, H and W in two, D, H and W in three.
"""

from __future__ import annotations

from collections.abc import Sequence

from netloom.graph.diagnostics import DiagnosticCode
from netloom.layers.base import Argument, ShapeProblem, Suggestion
from netloom.layers.params import Sizes
from netloom.layers.shapes import BATCH, Dim, Shape, size_of
from netloom.layers.sizes import Size, floor_divide

DIRECTIONS = {1: "T", 2: "HW", 3: "DHW"}
"""Axes along which a window slides, by the number of dimensions."""
EXTENTS = {1: "Length", 2: "Height and width", 3: "Depth, height and width"}
UNITS = {1: "", 2: "px", 3: "px"}


def directions_of(sizes: Sizes, count: int) -> tuple[int, ...]:
    """Return one number per direction; one number stands for all."""
    return (sizes,) * count if isinstance(sizes, int) else sizes


def as_argument(sizes: Sequence[int]) -> Argument:
    """Return sizes as torch takes them: a number in one dimension, a tuple in several."""
    return sizes[0] if len(sizes) == 1 else tuple(sizes)


def as_param(sizes: Sequence[int]) -> int | list[int | float | str | bool | None]:
    """Return sizes as a document holds them."""
    return sizes[0] if len(sizes) == 1 else [*sizes]


def sizes_text(sizes: Sequence[int]) -> str:
    """Return e.g. `3 × 5`."""
    return " × ".join(map(str, sizes))


def extent(kernel: int, dilation: int) -> int:
    """Return how many input positions a kernel spans."""
    return dilation * (kernel - 1) + 1


def output_size(size: Size, window: int, stride: int, padding: int, *, ceil_mode: bool) -> Size:
    """Return how many windows fit, as torch counts; below 1 where none does.

    Partial windows of a symbolic size are counted as if none started in the padding behind the
    input; `has_late_window` says where that can be.
    """
    span = size + (2 * padding - window)
    if isinstance(span, int) and span < 0:
        return 0
    if not ceil_mode:
        return floor_divide(span, stride) + 1
    count = floor_divide(span + (stride - 1), stride) + 1
    if isinstance(count, int) and isinstance(size, int):
        # A window may not start in the padding behind the input.
        return count - 1 if (count - 1) * stride >= size + padding else count
    return count


def has_late_window(window: int, stride: int, padding: int) -> bool:
    """Say whether a partial window can start behind the input, for some input size."""
    return stride > window - padding


def slid(channels: Size, sizes: Sequence[Size]) -> Shape:
    """Return the shape of these channels and these sizes along the directions."""
    axes = DIRECTIONS[len(sizes)]
    return (BATCH, Dim("C", channels), *(Dim(a, s) for a, s in zip(axes, sizes, strict=True)))


def sizes_of(shape: Shape, count: int) -> tuple[Size, ...]:
    """Return the sizes along the directions."""
    return tuple(size_of(shape, axis) for axis in DIRECTIONS[count])


def fixed_sizes(sizes: Sequence[Size]) -> tuple[int, ...] | None:
    """Return sizes that are all numbers, else None."""
    numbers = tuple(size for size in sizes if isinstance(size, int))
    return numbers if len(numbers) == len(sizes) else None


def leaves_nothing(sizes: Sequence[Size]) -> bool:
    """Say whether some direction has no output."""
    return any(isinstance(size, int) and size < 1 for size in sizes)


def window_too_large(
    title: str,
    size: Sequence[Size],
    window: Sequence[int],
    padding: Sequence[int],
    suggestions: tuple[Suggestion, ...],
) -> ShapeProblem:
    """Return the problem of a kernel that is larger than its padded input."""
    pairs = zip(DIRECTIONS[len(size)], size, strict=True)
    received = " × ".join(f"{axis} {length}" for axis, length in pairs)
    padded = f" (plus padding {sizes_text(padding)} around it)" if any(padding) else ""
    return ShapeProblem(
        f"{title} spans {sizes_text(window)} but its input is only {received}"
        f"{padded}, so no output is left. Use a smaller kernel, more padding, or less "
        "downsampling before it.",
        code=DiagnosticCode.SHAPE_TOO_SMALL,
        port="input",
        param="kernel_size",
        suggestions=suggestions,
    )
