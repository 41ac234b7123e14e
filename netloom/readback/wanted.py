"""Calls and expressions of source that a layer is looked for."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netloom.compile.signatures import REQUIRED, signature_of
from netloom.graph.document import ParamValue
from netloom.readback.values import Plain

Params = dict[str, ParamValue]
_IGNORED = frozenset({"inplace", "device", "dtype"})
"""Arguments that change no number: a network is never computed in place."""


@dataclass(frozen=True, slots=True)
class WantedCall:
    """`nn.Conv2d(3, 16, kernel_size=3)`, every argument under its name."""

    target: str
    arguments: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class WantedExpression:
    """`torch.cat([t0, t1], dim=1)`, with the tensors numbered.

    Attributes:
        hints: The values in it.
    """

    text: str
    type_names: tuple[str, ...]
    hints: tuple[Plain, ...] = ()


Wanted = WantedCall | WantedExpression


def named_arguments(
    target: str, positional: Sequence[Plain], keywords: Mapping[str, Plain]
) -> dict[str, Plain] | str:
    """Return all arguments of a call under their names, with defaults; or what is wrong."""
    known = signature_of(target)
    names = list(known)
    if known and len(positional) > len(names):
        return f"{target} takes {len(names)} arguments, not {len(positional)}."
    named: dict[str, Plain] = {
        names[index] if index < len(names) else f"argument_{index}": value
        for index, value in enumerate(positional)
    }
    for name, value in keywords.items():
        if name in named:
            return f"{target} is given {name} twice."
        if known and name not in known and name not in _IGNORED:
            accepted = ", ".join(names) or "no arguments"
            return f"{target} has no argument {name[:64]} that can be read; it has {accepted}."
        named[name] = value
    for name, default in known.items():
        if default != REQUIRED:
            named.setdefault(name, default)
    if "stride" in named and named["stride"] is None:
        named["stride"] = named.get("kernel_size")  # As pooling reads it.
    return {name: value for name, value in named.items() if name not in _IGNORED}


def canonical(text: str) -> str:
    """Return an expression as `ast` writes it."""
    return ast.unparse(ast.parse(text, mode="eval"))


def wanted_values(wanted: Wanted) -> tuple[Plain, ...]:
    """Return every value that stands in a call."""
    if isinstance(wanted, WantedExpression):
        return wanted.hints
    return tuple(wanted.arguments.values())
