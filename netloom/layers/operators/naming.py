"""What the axes of a result are called, and which kind of numbers it holds.

Operators compute with sizes alone; layers behind them look at the names of axes. An axis that
passes through keeps its name, several that become one get the name of what they were, and what
nobody can name gets a letter that no layer knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from netloom.layers.reshape import named_anew
from netloom.layers.shapes import Dim, Shape, axes_of, holds_integers, holds_mask
from netloom.layers.sizes import Expr, Size, product

Kind: TypeAlias = Literal["number", "integer", "boolean"]
OPEN_AXES = "NMKGPQRUVXYZ"
"""Names of axes that no layer gives a meaning: windows, heads, pieces."""
POSITIONS = "DHWT"
_PREFIXES: dict[Kind, str] = {"number": "", "integer": "index ", "boolean": "mask "}


def kind_of(shape: Shape) -> Kind:
    """Return what a tensor holds."""
    if holds_mask(shape):
        return "boolean"
    return "integer" if holds_integers(shape) else "number"


def plain(shape: Shape) -> Shape:
    """Return a shape whose axes are called as those of numbers are."""
    return tuple(Dim(dim.axis.split()[-1], dim.size) for dim in shape)


def as_kind(shape: Shape, kind: Kind) -> Shape:
    """Return the shape of a tensor that holds another kind; a shape of B alone cannot say it."""
    dims = plain(shape)
    prefix = _PREFIXES[kind]
    if prefix:
        return tuple(
            dim if dim.axis == "B" else Dim(f"{prefix}{dim.axis}", dim.size) for dim in dims
        )
    return (dims[0], Dim("F", dims[1].size)) if axes_of(dims) == "BT" else dims


def has_batch(size: Size) -> bool:
    """Say whether a size grows with the number of samples."""
    return isinstance(size, Expr) and any("B" in symbols for symbols, _ in size.terms)


def settled(dims: Iterable[tuple[str | None, Size]]) -> Shape:
    """Return a shape in which every axis has one name of its own; None asks for one."""
    names: list[str] = []
    sizes: list[Size] = []
    for name, size in dims:
        batch = has_batch(size) and "B" not in names
        wish = "B" if batch else name
        names.append(wish if wish and wish not in names and (wish != "B" or batch) else "")
        sizes.append(size)
    free = iter(axis for axis in OPEN_AXES if axis not in names)
    if len(names) > 2 and not names[-1] and "F" not in names:
        names[-1] = "F"
    if len(names) == 3 and names[0] == "B" and names[2] == "F" and not names[1]:
        names[1] = "T"
    named = [Dim(name or next(free), size) for name, size in zip(names, sizes, strict=True)]
    return named_anew(named) if named and named[0].axis == "B" else tuple(named)


def regrouped(before: Shape, sizes: Sequence[Size]) -> Shape:
    """Return the shape of the same numbers, in the same order, cut into other axes.

    Axes are followed from the left: where as many numbers lie behind on both sides, what is before
    belongs together.
    """
    names: list[str | None] = []
    left, right = list(before), list(sizes)
    while left and right:
        group, new = [left.pop(0)], [right.pop(0)]
        while not _is_full(group, new) and (left or right):
            is_short = _about(dim.size for dim in group) > _about(new)
            if is_short and right:
                new.append(right.pop(0))
            elif left:
                group.append(left.pop(0))
            else:
                break
        names += _group_names(group, new) if _is_full(group, new) else [None] * len(new)
    names += [None] * (len(sizes) - len(names))
    return settled(zip(names, sizes, strict=True))


_PRIMES = {"B": 7919, "T": 104_729, "S": 1_299_709}


def _about(sizes: Iterable[Size]) -> int:
    """Return a number by which products can be compared, with symbols in the place of primes."""
    total = product(sizes)
    return total.evaluate(_PRIMES) if isinstance(total, Expr) else total


def _is_full(group: Sequence[Dim], new: Sequence[Size]) -> bool:
    return product(dim.size for dim in group) == product(new)


def _group_names(group: Sequence[Dim], new: Sequence[Size]) -> list[str | None]:
    """Name the axes that a group of axes became."""
    real = [dim for dim in group if dim.size != 1] or list(group)
    places = [index for index, size in enumerate(new) if size != 1] or [0]
    names: list[str | None] = [None] * len(new)
    axes = [dim.axis for dim in real]
    if len(real) == len(places):
        for place, axis in zip(places, axes, strict=True):
            names[place] = axis
    elif len(places) == 1:
        is_position = all(axis in POSITIONS for axis in axes)
        known = [axis for axis in axes if axis in ("C", "F")]
        names[places[0]] = "T" if is_position else known[-1] if known else None
    elif len(real) == 1 and axes[0] in ("C", "F"):
        names[places[-1]] = axes[0]
    return names


def broadcast_shapes(shapes: Sequence[Shape]) -> Shape | None:
    """Return the shape of tensors together as torch repeats axes of size 1; None if they differ.

    An axis is called as in the first tensor that has it in full, names that layers know before
    others.
    """
    rank = max(len(shape) for shape in shapes)
    dims: list[tuple[str | None, Size]] = []
    for place in range(-rank, 0):
        there = [shape[place] for shape in shapes if len(shape) >= -place]
        size: Size = 1
        for dim in there:
            if dim.size != 1 and size not in (1, dim.size):
                return None
            size = dim.size if dim.size != 1 else size
        full = [dim.axis for dim in there if dim.size == size]
        known = [axis for axis in full if axis not in OPEN_AXES]
        dims.append(((known or full)[0], size))
    return settled(dims)
