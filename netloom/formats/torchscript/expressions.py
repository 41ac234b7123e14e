"""Values of expressions in the code of a TorchScript file, in one call of a function."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from torch import Tensor

from netloom.formats.imported import FormatError
from netloom.formats.pt2.tape import CannotCompute
from netloom.formats.torchscript.numbers import checked_value
from netloom.formats.torchscript.objects import AGAIN, Thing
from netloom.formats.torchscript.source import MAX_NAME, Code, Function

MAX_STEPS = 1_000_000
CASTS: Mapping[str, type[int] | type[float] | type[bool]] = {
    "int": int, "float": float, "bool": bool,
}  # fmt: skip
_ROOTS = frozenset(("torch", "ops", "__torch__", "CONSTANTS"))


class DoesNotFit(CannotCompute):
    """The code refuses what it is given, by an error of its own."""


class Depends(FormatError):
    """The code decides by the numbers of its input."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something that code reaches by a name with dots: `torch.add`, `ops.prim.min`, a class."""

    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """A tuple whose items have names."""

    names: Sequence[str]
    items: tuple[object, ...]


@dataclass(slots=True)
class Frame:
    """One call of a function.

    Attributes:
        path: Of the module that is being computed.
    """

    function: Function
    path: str
    names: dict[str, object] = field(default_factory=dict[str, object])


class Expressions(ABC):
    """What an expression gives; what it calls is up to the machine.

    Args:
        paths: Of modules, by their identity.
        is_followed: Whether a tensor depends on the input.
    """

    def __init__(
        self,
        code: Code,
        constants: Sequence[object],
        paths: Mapping[int, str],
        is_followed: Callable[[object], bool],
    ) -> None:
        self._code = code
        self._constants = constants
        self._paths = paths
        self._is_followed = is_followed
        self._num_steps = 0

    @abstractmethod
    def _called(self, frame: Frame, given: ast.Call) -> object:
        """Return what a call gives."""

    def _decision(self, frame: Frame, test: ast.expr) -> bool:
        value = self._value(frame, test)
        if isinstance(value, Tensor):
            return bool(self._number(frame, test, value))
        if not isinstance(value, bool | int | float):
            raise self._error(frame, test, "it decides by what is neither yes nor no")
        return bool(value)

    def _number(self, frame: Frame, place: ast.AST, tensor: Tensor) -> int | float | bool:
        """Return the number that a tensor holds, if the input does not matter for it."""
        if self._is_followed(tensor):
            raise Depends(
                f"What this network computes depends on the numbers of its input, at "
                f"{self._place(frame, place)}: such a network is a program, not a graph. Rewrite "
                "the line with torch.where or a mask, or import the part before it."
            )
        if tensor.numel() != 1:
            raise self._error(frame, place, "a tensor of several numbers is taken for one")
        return tensor.item()

    def _value(self, frame: Frame, given: ast.expr) -> object:
        self._step(frame, given)
        match given:
            case ast.Constant(value=value) if value is None or isinstance(
                value, bool | int | float | str
            ):
                return self._kept(frame, given, value)
            case ast.Name(id=name):
                return self._name(frame, given, name)
            case ast.Attribute(value=holder, attr=name):
                return self._attribute(frame, given, self._value(frame, holder), name)
            case ast.Call():
                return self._called(frame, given)
            case ast.List(elts=items):
                return [self._value(frame, each) for each in items]
            case ast.Tuple(elts=items):
                return tuple(self._value(frame, each) for each in items)
            case ast.Dict(keys=keys, values=values) if None not in keys:
                pairs = zip(cast("list[ast.expr]", keys), values, strict=True)
                made = [(self._value(frame, key), self._value(frame, one)) for key, one in pairs]
                if not all(isinstance(key, str | int | float | bool) for key, _ in made):
                    raise self._error(frame, given, "a mapping has keys that are no names")
                return dict(made)
            case ast.Subscript(value=holder, slice=place):
                return self._item(frame, given, self._value(frame, holder),
                                  self._value(frame, place))  # fmt: skip
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._value(frame, body if self._decision(frame, test) else orelse)
            case ast.UnaryOp(op=ast.USub(), operand=ast.expr() as inner):
                value = self._value(frame, inner)
                if isinstance(value, int | float):
                    return -value
                raise self._error(frame, given, "what is no number is made negative")
            case _:
                raise self._error(frame, given, "an expression of this kind is not followed")

    def _name(self, frame: Frame, given: ast.expr, name: str) -> object:
        if name in frame.names:
            return frame.names[name]
        if name in _ROOTS or name in CASTS:
            return Named(name)
        if name in ("inf", "nan"):
            return float(name)
        raise self._error(frame, given, f"{name[:100]} is not known")

    def _attribute(self, frame: Frame, given: ast.expr, holder: object, name: str) -> object:
        match holder:
            case Named(name="CONSTANTS"):
                number = name.removeprefix("c")
                if not number.isdecimal() or not int(number[:9]) < len(self._constants):
                    raise self._error(frame, given, f"the constant {name[:100]} is missing")
                return self._constants[int(number[:9])]
            case Named(name=room):
                if len(room) + len(name) > MAX_NAME:
                    raise self._error(frame, given, "a name is longer than any of torch")
                return Named(f"{room}.{name}")
            case Thing():
                if name in holder.attributes:
                    return holder.attributes[name]
                constant = self._code.class_of(holder.type_name).constants.get(name)
                if constant is not None:
                    return self._value(frame, constant)
            case Record() if name in holder.names:
                return holder.items[holder.names.index(name)]
            case _:
                pass
        raise self._error(frame, given, f"there is no attribute {name[:100]}")

    def _item(self, frame: Frame, given: ast.expr, holder: object, place: object) -> object:
        items = holder.items if isinstance(holder, Record) else holder
        if isinstance(items, list | tuple) and type(place) is int:
            sequence = cast("Sequence[object]", items)
            if -len(sequence) <= place < len(sequence):
                return sequence[place]
            raise self._unfit(frame, given, "an item is taken that is not there")
        if isinstance(items, dict) and isinstance(place, str | int | float | bool):
            known = cast("dict[object, object]", items)
            if place in known:
                return known[place]
        raise self._error(frame, given, "an item is taken of what has none")

    def _kept(self, frame: Frame, place: ast.AST, value: object) -> object:
        problem = checked_value(value)
        if problem:
            raise self._error(frame, place, problem)
        return value

    def _step(self, frame: Frame, place: ast.AST, count: int = 1) -> None:
        self._num_steps += count
        if self._num_steps > MAX_STEPS:
            raise self._error(frame, place, f"it takes more than {MAX_STEPS:,} steps")

    def _place(self, frame: Frame, place: ast.AST) -> str:
        line = getattr(place, "lineno", 0)
        module = f" of {frame.path[:200]}" if frame.path else ""
        name = frame.function.syntax.name[:100]
        return f"code/{frame.function.file[:200]}, line {line} ({name}{module})"

    def _error(self, frame: Frame, place: ast.AST, text: str) -> FormatError:
        where = self._place(frame, place)
        return FormatError(f"This code cannot be drawn: {text}, at {where}. {AGAIN}")

    def _unfit(self, frame: Frame, place: ast.AST, text: str) -> DoesNotFit:
        return DoesNotFit(f"{text}, at {self._place(frame, place)}.")
