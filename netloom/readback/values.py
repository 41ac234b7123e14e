"""What expressions of source stand for while it is read: plain values, tensors and modules."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from netloom.layers.shapes import Shape
from netloom.readback.effort import spend

Plain: TypeAlias = "bool | int | float | str | tuple[Plain, ...] | list[Plain] | None"


MAX_PLAIN = 1_000
"""Items in the arguments of one call: a search tries them many times over."""
_CHARACTERS_AN_ITEM = 16


class Unread:
    """Stands for what could not be read, so that one line is not complained about twice."""


UNREAD = Unread()


@dataclass(frozen=True, slots=True)
class Flow:
    """A tensor: what leaves a port of a node of the scope.

    Attributes:
        node: Number of the node in its scope; None for a tensor that could not be followed.
        shape: None where it is not known.
    """

    node: int | None
    port: str = "output"
    shape: Shape | None = None


LOST = Flow(None)


@dataclass(frozen=True, slots=True)
class SizesOf:
    """`x.shape`."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class SizeOf:
    """`x.shape[0]`, `x.size(0)`."""

    flow: Flow
    dim: int


@dataclass(slots=True, eq=False)
class Module:
    """Something that `__init__` makes.

    Attributes:
        node: Where it is made.
        name: The attribute it is kept in.
        calls: How often `forward` has called it so far.
        tied_to: The module whose parameters it holds.
        starts: Calls of `nn.init` on its tensors: tensor, function, arguments.
    """

    node: ast.expr
    name: str = ""
    calls: int = 0
    is_frozen: bool = False
    tied_to: Module | None = None
    starts: list[tuple[str, str, dict[str, Plain], ast.expr]] = field(
        default_factory=list[tuple[str, str, dict[str, Plain], ast.expr]]
    )


@dataclass(slots=True, eq=False)
class LayerModule(Module):
    """A class of torch, or one that generated source carries.

    Attributes:
        origins: The constructor argument that an argument passes on, by the argument's name.
    """

    target: str = ""
    arguments: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    origins: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True, eq=False)
class ClassModule(Module):
    """A class of the file; many are there so many times over, one after the other."""

    class_name: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    count: int = 1


@dataclass(slots=True, eq=False)
class Chain(Module):
    """`nn.Sequential`, or an `nn.ModuleList` that is gone through."""

    items: list[Module] = field(default_factory=list[Module])
    is_shared: bool = False


@dataclass(slots=True, eq=False)
class PassOn(Module):
    """`nn.Identity()` and an empty `nn.Sequential()` that are called: nothing happens."""


def is_plain(value: object, most: int | None = None) -> bool:
    """Whether a value is data: a number, a text, None, or a list or tuple of these.

    Args:
        most: Items it may have, those within others counted each time they are there.
    """
    left = [value]
    num_items = 0
    while left:
        found = left.pop()
        num_items += 1
        spend()
        if most is not None and num_items > most:
            return False
        if isinstance(found, list | tuple):
            left += cast("list[object]", found)
        elif isinstance(found, str):
            num_items += len(found) // _CHARACTERS_AN_ITEM
        elif not (found is None or isinstance(found, bool | int | float)):
            return False
    return True


def normal(value: object) -> object:
    """Return the one form of values that torch reads alike: `(3, 3)` is `3`."""
    if isinstance(value, list):
        return [normal(item) for item in cast("list[object]", value)]
    if isinstance(value, tuple):
        items = [normal(item) for item in cast("tuple[object, ...]", value)]
        if len(items) in (1, 2, 3) and all(same(item, items[0]) for item in items):
            return items[0]
        return tuple(items)
    return value


def same(one: object, other: object) -> bool:
    """Whether two values are equal, `True` and `1` being different ones."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        ones, others = cast("list[object]", one), cast("list[object]", other)
        return len(ones) == len(others) and all(
            same(a, b) for a, b in zip(ones, others, strict=True)
        )
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def as_json(value: object) -> object:
    """Return a value as a document holds it: lists instead of tuples."""
    if isinstance(value, list | tuple):
        return [as_json(item) for item in cast("list[object]", value)]
    return value
