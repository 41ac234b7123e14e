"""Tensor shapes with named dimensions: B batch, C channels, D depth, H height, W width, T time,
F features. B and T may stay symbolic; every other size is a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from netloom.layers.sizes import Expr, Size, product, symbol, without


class DimJson(TypedDict):
    """A dimension as the API and the browser see it."""

    axis: str
    size: int | str


@dataclass(frozen=True, slots=True)
class Dim:
    """One named dimension.

    Attributes:
        vocabulary: For positions that hold an index rather than a number: how many different
            indices there are, 0 to `vocabulary - 1`.
    """

    axis: str
    size: Size
    vocabulary: int | None = None


Shape: TypeAlias = tuple[Dim, ...]

BATCH = Dim("B", symbol("B"))
_INDEX_PREFIX = "index "
_MASK_PREFIX = "mask "
_DETECTIONS_PREFIX = "detections "
DETECTION_NUMBERS = 6
"""Corners, score and label."""


def image_shape(channels: int, height: int, width: int) -> Shape:
    """Return (B, C, H, W)."""
    return (BATCH, Dim("C", channels), Dim("H", height), Dim("W", width))


def volume_shape(channels: int, depth: int, height: int, width: int) -> Shape:
    """Return (B, C, D, H, W)."""
    return (BATCH, Dim("C", channels), Dim("D", depth), Dim("H", height), Dim("W", width))


def feature_shape(num_features: int) -> Shape:
    """Return (B, F)."""
    return (BATCH, Dim("F", num_features))


def index_shape(shape: Shape, source: Shape | None = None) -> Shape:
    """Return the shape of the positions that were picked from a tensor: whole numbers.

    Args:
        source: What they were picked from; its sizes tell how far the positions reach.
    """
    reach = [dim.size for dim in source] if source is not None else [None] * len(shape)
    return tuple(
        dim
        if dim.axis == "B"
        else Dim(f"{_INDEX_PREFIX}{dim.axis}", dim.size, size if isinstance(size, int) else None)
        for dim, size in zip(shape, reach, strict=True)
    )


def holds_integers(shape: Shape) -> bool:
    """Say whether a tensor holds tokens (B, T) or indices, with which no layer computes."""
    return axes_of(shape) == "BT" or any(dim.axis.startswith(_INDEX_PREFIX) for dim in shape)


def mask_shape(time: Size) -> Shape:
    """Return (B, mask T): of each position of a sequence, whether it is padding."""
    return (BATCH, Dim(f"{_MASK_PREFIX}T", time))


def holds_mask(shape: Shape) -> bool:
    """Say whether a tensor holds yes or no for each position."""
    return any(dim.axis.startswith(_MASK_PREFIX) for dim in shape)


def detections_shape(count: int) -> Shape:
    """Return (B, detections T, F): for each image rows of x1, y1, x2, y2, score and label.

    Boxes are in pixels. The best come first; rows that are left over have the label -1.
    """
    return (BATCH, Dim(f"{_DETECTIONS_PREFIX}T", count), Dim("F", DETECTION_NUMBERS))


def holds_detections(shape: Shape) -> bool:
    """Say whether a tensor holds boxes with scores and labels."""
    return any(dim.axis.startswith(_DETECTIONS_PREFIX) for dim in shape)


def holds_numbers(shape: Shape) -> bool:
    """Say whether layers compute with a tensor: no tokens, indices or mask."""
    return not holds_integers(shape) and not holds_mask(shape)


def axes_of(shape: Shape) -> str:
    """Return the axis letters in order, e.g. `BCHW`."""
    return "".join(dim.axis for dim in shape)


def size_of(shape: Shape, axis: str) -> Size:
    """Return the size of an axis that the shape has."""
    for dim in shape:
        if dim.axis == axis:
            return dim.size
    raise KeyError(axis)


def elements_per_sample(shape: Shape) -> Size:
    """Return how many numbers one sample has: the product of all dimensions but B.

    Where samples were cut into pieces, `64·B`, each has so many of them.
    """
    return product(without(dim.size, "B") if dim.axis == "B" else dim.size for dim in shape)


def concrete(shape: Shape, **sizes: int) -> tuple[int, ...]:
    """Return plain sizes with symbols replaced: `concrete(shape, B=2)`.

    Raises:
        KeyError: A symbol of the shape has no value.
    """
    return tuple(
        dim.size.evaluate(sizes) if isinstance(dim.size, Expr) else dim.size for dim in shape
    )


def shape_text(shape: Shape) -> str:
    """Return e.g. `B × 64 × 56 × 56`."""
    return " × ".join(str(dim.size) for dim in shape)


def named_shape_text(shape: Shape) -> str:
    """Return the shape in axis words, as errors say it: `(B, C=64, H=7, W=7)`."""
    parts = [
        dim.axis if str(dim.size) == dim.axis.split()[-1] else f"{dim.axis}={dim.size}"
        for dim in shape
    ]
    return f"({', '.join(parts)})"


def shape_json(shape: Shape) -> list[DimJson]:
    """Return e.g. `[{"axis": "B", "size": "B"}, {"axis": "C", "size": 64}]`."""
    return [
        {"axis": dim.axis, "size": dim.size if isinstance(dim.size, int) else str(dim.size)}
        for dim in shape
    ]


def sequence_shape(num_features: int, length: int | None = None, symbol_name: str = "T") -> Shape:
    """Return (B, T, F); T stays symbolic unless its length is given."""
    return (BATCH, _time(length, symbol_name), Dim("F", num_features))


def signal_shape(channels: int, length: int | None = None, symbol_name: str = "T") -> Shape:
    """Return (B, C, T); T stays symbolic unless its length is given."""
    return (BATCH, Dim("C", channels), _time(length, symbol_name))


def token_shape(vocabulary: int, length: int | None = None, symbol_name: str = "T") -> Shape:
    """Return (B, T) of indices below `vocabulary`; T stays symbolic unless its length is given."""
    return (BATCH, Dim("T", _time(length, symbol_name).size, vocabulary))


def _time(length: int | None, symbol_name: str) -> Dim:
    return Dim("T", symbol(symbol_name) if length is None else length)
