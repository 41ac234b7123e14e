"""Sizes that may depend on what is not known yet: whole numbers, or polynomials over symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd
from typing import TypeAlias

MAX_TERMS = 4096
MAX_DEGREE = 64


class SizeTooComplicated(ValueError):
    """A product of sizes that would grow without end."""


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

    Multiplying raises SizeTooComplicated before it takes long.

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
        others = list(_terms(other))
        degree = _degree(self.terms) + _degree(others)
        if len(self.terms) * len(others) > MAX_TERMS or degree > MAX_DEGREE:
            raise SizeTooComplicated("a size depends on others in too complicated a way")
        sums: dict[Symbols, int] = {}
        for left, left_coefficient in self.terms:
            for right, right_coefficient in others:
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


def _degree(terms: Iterable[tuple[Symbols, int]]) -> int:
    return max((len(symbols) for symbols, _ in terms), default=0)


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


def without(size: Size, name: str) -> Size:
    """Return a multiple of a symbol without it, `64·B` as 64; 1 where it is no such multiple."""
    if isinstance(size, int) or len(size.terms) != 1:
        return 1
    [(symbols, factor)] = size.terms
    return _collapse({tuple(each for each in symbols if each != name): factor})


def product(sizes: Iterable[Size]) -> Size:
    """Return the product of sizes, a number where all are numbers."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return total
