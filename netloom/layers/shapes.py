"""Tensor shapes with named dimensions: B batch, C channels, D depth, H height, W width, T time,
F features. B and T stay symbolic; every other size is a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12


class DimJson(TypedDict):
    """A dimension as the API and the browser see it."""

    axis: str
    size: int | str


@dataclass(frozen=True, slots=True)
class Expr:
    """A polynomial with integer coefficients over named symbols, e.g. `2·T + 1`.

    Attributes:
        terms: `(symbols, coefficient)` pairs, sorted; the empty tuple of symbols is the constant.
    """

    terms: tuple[tuple[tuple[str, ...], int], ...]

    def __add__(self, other: Size) -> Size:
        sums: dict[tuple[str, ...], int] = dict(self.terms)
        for symbols, coefficient in _terms(other):
            sums[symbols] = sums.get(symbols, 0) + coefficient
        return _collapse(sums)

    def __mul__(self, other: Size) -> Size:
        sums: dict[tuple[str, ...], int] = {}
        for left, left_coefficient in self.terms:
            for right, right_coefficient in _terms(other):
                symbols = tuple(sorted(left + right))
                sums[symbols] = sums.get(symbols, 0) + left_coefficient * right_coefficient
        return _collapse(sums)

    __radd__ = __add__
    __rmul__ = __mul__

    def evaluate(self, values: Mapping[str, int]) -> int:
        """Return the number this is when every symbol has its value."""
        total = 0
        for symbols, coefficient in self.terms:
            product = coefficient
            for symbol in symbols:
                product *= values[symbol]
            total += product
        return total

    def __str__(self) -> str:
        parts: list[str] = []
        for symbols, coefficient in sorted(self.terms, key=lambda term: (-len(term[0]), term[0])):
            factors = "·".join(symbols)
            if not symbols:
                parts.append(str(coefficient))
            else:
                parts.append(factors if coefficient == 1 else f"{coefficient}·{factors}")
        return " + ".join(parts)


Size: TypeAlias = int | Expr


def _terms(size: Size) -> Iterable[tuple[tuple[str, ...], int]]:
    return size.terms if isinstance(size, Expr) else (((), size),)


def _collapse(sums: Mapping[tuple[str, ...], int]) -> Size:
    terms = tuple(sorted((symbols, value) for symbols, value in sums.items() if value))
    if not terms:
        return 0
    if len(terms) == 1 and terms[0][0] == ():
        return terms[0][1]
    return Expr(terms)


def symbol(name: str) -> Expr:
    """Return the expression that is just `name`."""
    return Expr((((name,), 1),))


@dataclass(frozen=True, slots=True)
class Dim:
    """One named dimension."""

    axis: str
    size: Size


Shape: TypeAlias = tuple[Dim, ...]

BATCH = Dim("B", symbol("B"))
_INDEX_PREFIX = "index "


def image_shape(channels: int, height: int, width: int) -> Shape:
    """Return (B, C, H, W)."""
    return (BATCH, Dim("C", channels), Dim("H", height), Dim("W", width))


def feature_shape(num_features: int) -> Shape:
    """Return (B, F)."""
    return (BATCH, Dim("F", num_features))


def index_shape(shape: Shape) -> Shape:
    """Return the shape of the positions that were picked from a tensor: whole numbers."""
    return tuple(
        dim if dim.axis == "B" else Dim(f"{_INDEX_PREFIX}{dim.axis}", dim.size) for dim in shape
    )


def holds_integers(shape: Shape) -> bool:
    """Say whether a tensor holds tokens (B, T) or indices, with which no layer computes."""
    return axes_of(shape) == "BT" or any(dim.axis.startswith(_INDEX_PREFIX) for dim in shape)


def axes_of(shape: Shape) -> str:
    """Return the axis letters in order, e.g. `BCHW`."""
    return "".join(dim.axis for dim in shape)


def size_of(shape: Shape, axis: str) -> Size:
    """Return the size of an axis that the shape has."""
    for dim in shape:
        if dim.axis == axis:
            return dim.size
    raise KeyError(axis)


def product(sizes: Iterable[Size]) -> Size:
    """Return the product of sizes, a number where all are numbers."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def elements_per_sample(shape: Shape) -> Size:
    """Return how many numbers one sample has: the product of all dimensions but B."""
    return product(dim.size for dim in shape if dim.axis != "B")


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
    parts = [dim.axis if str(dim.size) == dim.axis else f"{dim.axis}={dim.size}" for dim in shape]
    return f"({', '.join(parts)})"


def shape_json(shape: Shape) -> list[DimJson]:
    """Return e.g. `[{"axis": "B", "size": "B"}, {"axis": "C", "size": 64}]`."""
    return [
        {"axis": dim.axis, "size": dim.size if isinstance(dim.size, int) else str(dim.size)}
        for dim in shape
    ]
