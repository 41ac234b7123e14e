"""Calls of one class with different arguments, brought under one form with named slots."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

from netloom.compile.errors import CompileError
from netloom.compile.expressions import Atom, Call, literal
from netloom.compile.safe_names import is_safe_name
from netloom.compile.signatures import REQUIRED, signature_of


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument of one constructor in a class, with its value in every use of the class.

    Attributes:
        index: Its number in the class.
        values: One atom for each use.
        is_size: Whether it counts channels or features, so that equal ones may be joined.
        exposed_name: What the block's author calls it, when it is an exposed parameter.
    """

    index: int
    step_name: str
    argument: str
    values: tuple[Atom, ...]
    is_positional: bool
    is_size: bool
    exposed_name: str | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constructor argument of a generated class, with its value in every use."""

    name: str
    values: tuple[Atom, ...]
    is_size: bool

    def annotation(self) -> str:
        """Return e.g. `int` or `int | tuple[int, int]`."""
        kinds = {_type_text(ast.literal_eval(atom.text)) for atom in self.values}
        return " | ".join(sorted(kinds, key=lambda kind: (kind == "None", kind)))


def skeleton(call: Call) -> object:
    """Return what two calls must have in common to be aligned."""
    known = signature_of(call.target)
    return call.target, tuple(name for name in arguments_by_name(call) if name not in known)


def arguments_by_name(call: Call) -> dict[str, Atom]:
    """Return the arguments that are written, positional ones under their names."""
    known = list(signature_of(call.target))
    named: dict[str, Atom] = {}
    for index, argument in enumerate(call.arguments):
        if not isinstance(argument.value, Atom):
            raise CompileError(f"{call.target} takes an argument that is not a plain value.")
        fallback = known[index] if index < len(known) else f"argument_{index}"
        named[argument.name or fallback] = argument.value
    return named


def default_of(target: str, name: str) -> Atom:
    """Return the value of an argument that is left out."""
    value = signature_of(target).get(name, REQUIRED)
    if value == REQUIRED:
        raise CompileError(f"{target} is called without its {name}.")
    return literal(value)


def assign_parameters(slots: Sequence[Slot], reserved: Collection[str]) -> list[Parameter | None]:
    """Return the constructor argument of each slot, None for what all uses agree on.

    Slots that differ or are exposed become arguments. A size follows the last argument before it
    with the same values, as the channels of a normalisation follow the convolution above it; other
    slots of one name and the same values share an argument too.
    """
    taken = set(reserved)
    latest: dict[tuple[str, tuple[Atom, ...]], Parameter] = {}
    exposed: dict[tuple[str, tuple[Atom, ...]], Parameter] = {}
    assigned: list[Parameter | None] = []
    for slot in slots:
        kind = ("size" if slot.is_size else slot.argument), slot.values
        if slot.exposed_name is not None:
            parameter = exposed.get((slot.exposed_name, slot.values))
        else:
            parameter = latest.get(kind)
            if parameter is None and len(set(slot.values)) == 1:
                assigned.append(None)
                continue
        if parameter is None:
            wishes = [slot.exposed_name or "", slot.argument, f"{slot.step_name}_{slot.argument}"]
            parameter = Parameter(_free_name(wishes, taken), slot.values, slot.is_size)
            taken.add(parameter.name)
        if slot.exposed_name is not None:
            exposed[slot.exposed_name, slot.values] = parameter
        latest[kind] = parameter
        assigned.append(parameter)
    return assigned


def _free_name(wishes: Sequence[str], taken: Collection[str]) -> str:
    usable = [wish for wish in wishes if is_safe_name(wish)]
    for wish in usable:
        if wish not in taken:
            return wish
    number = 2
    while f"{usable[-1]}_{number}" in taken:
        number += 1
    return f"{usable[-1]}_{number}"


def _type_text(value: object) -> str:
    match value:
        case None:
            return "None"
        case tuple():
            items = cast("tuple[object, ...]", value)
            return f"tuple[{', '.join(_type_text(item) for item in items)}]"
        case list():
            return "list[int]"
        case _:
            return type(value).__name__
