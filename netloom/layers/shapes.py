"""Tensor shapes with named dimensions: B batch, C channels, D depth, H height, W width, T time,
F features. B and T may stay symbolic; every other size is a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd
from typing import TypeAlias

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12


class DimJson(TypedDict):
    """A dimension as the API and the browser see it."""

    axis: str
    size: int | str


@dataclass(frozen=True, slots=True)
class FloorDiv:
    """`⌊numerator / divisor⌋`, what a stride makes of a symbolic size; a symbol to an Expr.

    Made by `floor_divide` alone, which brings equal values to equal form.
    """

    numerator: Expr
    divisor: int

    def evaluate(self, values: Mapping[str, int]) -> int:
        """Return the number this is when every symbol has its value."""
        return self.numerator.evaluate(values) // self.divisor

    def __str__(self) -> str:
        inner = str(self.numerator)
        return f"⌊({inner}) / {self.divisor}⌋" if " " in inner else f"⌊{inner} / {self.divisor}⌋"


Symbol: TypeAlias = str | FloorDiv
Symbols: TypeAlias = tuple[Symbol, ...]


@dataclass(frozen=True, slots=True)
class Expr:
    """A polynomial with integer coefficients over symbols, e.g. `2·T + 1`.

    Attributes:
        terms: `(symbols, coefficient)` pairs, sorted; the empty tuple of symbols is the constant.
    """

    terms: tuple[tuple[Symbols, int], ...]

    def __add__(self, other: Size) -> Size:
        sums: dict[Symbols, int] = dict(self.terms)
        for symbols, coefficient in _terms(other):
            sums[symbols] = sums.get(symbols, 0) + coefficient
        return _collapse(sums)

    def __mul__(self, other: Size) -> Size:
        sums: dict[Symbols, int] = {}
        for left, left_coefficient in self.terms:
            for right, right_coefficient in _terms(other):
                symbols = tuple(sorted(left + right, key=str))
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
                is_name = isinstance(symbol, str)
                product *= values[symbol] if is_name else symbol.evaluate(values)
            total += product
        return total

    def complexity(self) -> int:
        """Return about how many signs it takes to write, floors inside floors included."""
        return sum(
            1 + sum(1 if isinstance(each, str) else each.numerator.complexity() for each in symbols)
            for symbols, _ in self.terms
        )

    def __str__(self) -> str:
        text = ""
        for symbols, coefficient in sorted(self.terms, key=_print_order):
            factors = "·".join(map(str, symbols))
            size = abs(coefficient)
            word = (factors if size == 1 else f"{size}·{factors}") if symbols else str(size)
            sign = "−" if coefficient < 0 else "+"
            if text:
                text += f" {sign} {word}"
            else:
                text = word if coefficient > 0 else f"−{word}"
        return text


Size: TypeAlias = int | Expr


def _print_order(term: tuple[Symbols, int]) -> tuple[int, list[str]]:
    return (-len(term[0]), [str(symbol) for symbol in term[0]])


def _terms(size: Size) -> Iterable[tuple[Symbols, int]]:
    return size.terms if isinstance(size, Expr) else (((), size),)


def _collapse(sums: Mapping[Symbols, int]) -> Size:
    kept = ((symbols, value) for symbols, value in sums.items() if value)
    terms = tuple(sorted(kept, key=lambda term: [str(symbol) for symbol in term[0]]))
    if not terms:
        return 0
    if len(terms) == 1 and terms[0][0] == ():
        return terms[0][1]
    return Expr(terms)


def floor_divide(size: Size, divisor: int) -> Size:
    """Return `⌊size / divisor⌋` for a divisor of at least 1.

    What divides evenly leaves the floor, common factors are cancelled, and a floor within a floor
    becomes one, so that halving twice equals a quarter.
    """
    if isinstance(size, int):
        return size // divisor
    if divisor == 1:
        return size
    whole = _collapse({symbols: value // divisor for symbols, value in size.terms})
    rest = _collapse({symbols: value % divisor for symbols, value in size.terms})
    if isinstance(rest, int):
        return whole
    parts = dict(rest.terms)
    constant = parts.pop((), 0)
    common = gcd(divisor, *parts.values())
    if common > 1:
        reduced = _collapse({symbols: value // common for symbols, value in parts.items()})
        return floor_divide(reduced + constant // common, divisor // common) + whole
    (symbols, factor), *others = parts.items()
    if not others and factor == 1 and len(symbols) == 1 and isinstance(symbols[0], FloorDiv):
        inner = symbols[0]
        lifted = inner.numerator + constant * inner.divisor
        return floor_divide(lifted, inner.divisor * divisor) + whole
    return Expr((((FloorDiv(rest, divisor),), 1),)) + whole


def exact_divide(size: Size, divisor: int) -> Size | None:
    """Return `size / divisor`; None unless it is whole whatever the symbols are."""
    if divisor < 1 or any(value % divisor for _, value in _terms(size)):
        return None
    return floor_divide(size, divisor)


def symbol(name: str) -> Expr:
    """Return the expression that is just `name`."""
    return Expr((((name,), 1),))


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
