"""Output sizes of sliding windows (convolution and pooling), and what to do when none fits."""

from __future__ import annotations

from netloom.graph.diagnostics import DiagnosticCode
from netloom.layers.base import ShapeProblem, Suggestion
from netloom.layers.params import Pair


def extent(kernel: int, dilation: int) -> int:
    """Return how many input positions a kernel spans."""
    return dilation * (kernel - 1) + 1


def output_size(size: int, window: int, stride: int, padding: int, *, ceil_mode: bool) -> int:
    """Return how many windows fit, as torch counts; below 1 where none does."""
    span = size + 2 * padding - window
    if span < 0:
        return 0
    if not ceil_mode:
        return span // stride + 1
    count = -(-span // stride) + 1
    # A window may not start in the padding behind the input.
    return count - 1 if (count - 1) * stride >= size + padding else count


def window_too_large(
    title: str, size: Pair, window: Pair, padding: Pair, suggestions: tuple[Suggestion, ...]
) -> ShapeProblem:
    """Return the problem of a kernel that is larger than its padded input."""
    height, width = size
    padded = "" if padding == (0, 0) else f" (plus padding {padding[0]} × {padding[1]} around it)"
    return ShapeProblem(
        f"{title} spans {window[0]} × {window[1]} but its input is only H {height} × W {width}"
        f"{padded}, so no output is left. Use a smaller kernel, more padding, or less "
        "downsampling before it.",
        code=DiagnosticCode.SHAPE_TOO_SMALL,
        port="input",
        param="kernel_size",
        suggestions=suggestions,
    )
