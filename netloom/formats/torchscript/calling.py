"""Calls in the code of a TorchScript file: of its own functions, of numbers, of operators."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from torch import Tensor

from netloom.formats.imported import FormatError
from netloom.formats.pt2.tape import CannotCompute
from netloom.formats.torchscript.expressions import (
    CASTS,
    Depends,
    DoesNotFit,
    Expressions,
    Frame,
    Named,
    Record,
)
from netloom.formats.torchscript.numbers import NUMBERS, cost_of, is_question
from netloom.formats.torchscript.objects import Thing
from netloom.formats.torchscript.source import Class, Code, Function

Call = Callable[[str, Sequence[object], Mapping[str, object], str], object]
"""Computes an operator of ATen: name, arguments, those by name, path of the module."""
_NOT_TAKEN = (
    TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RuntimeError
)  # fmt: skip
"""What functions of Python raise on values of another kind."""
_IGNORED = frozenset(("warn", "prim.Print", "prim.profile"))


class Calling(Expressions):
    """Finds what a call means, and calls that.

    Args:
        paths: Of modules, by their identity.
        call: Computes operators.
        is_followed: Whether a tensor depends on the input.
        ignores_refusals: Errors that the code raises by itself are passed over.
    """

    def __init__(
        self,
        code: Code,
        constants: Sequence[object],
        paths: Mapping[int, str],
        call: Call,
        is_followed: Callable[[object], bool],
        *,
        ignores_refusals: bool = False,
    ) -> None:
        super().__init__(code, constants, paths, is_followed)
        self._call = call
        self._ignores_refusals = ignores_refusals

    @abstractmethod
    def _method(
        self,
        thing: Thing,
        name: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
        path: str,
    ) -> object:
        """Run a method of an object."""

    @abstractmethod
    def _function(
        self, function: Function, args: Sequence[object], kwargs: Mapping[str, object], path: str
    ) -> object:
        """Run a function."""

    def _called(self, frame: Frame, given: ast.Call) -> object:
        match given.func:
            case ast.Name(id="annotate" | "unchecked_cast" | "uninitialized" as name):
                if name == "uninitialized" or len(given.args) != 2:
                    return None
                return self._value(frame, given.args[1])
            case ast.Name(id="getattr") if len(given.args) == 2:
                holder, name = (self._value(frame, each) for each in given.args)
                if not isinstance(name, str):
                    raise self._error(frame, given, "an attribute has no name")
                return self._attribute(frame, given, holder, name)
            case ast.Name(id="isinstance"):
                raise self._error(frame, given, "it decides by the kind of a value")
            case _:
                pass
        args = [self._value(frame, each) for each in given.args]
        kwargs = {each.arg: self._value(frame, each.value) for each in given.keywords if each.arg}
        if len(kwargs) < len(given.keywords):
            raise self._error(frame, given, "arguments are given in a mapping")
        if isinstance(given.func, ast.Attribute):
            holder = self._value(frame, given.func.value)
            if isinstance(holder, Thing):
                return self._method(holder, given.func.attr, args, kwargs, frame.path)
            function = self._attribute(frame, given.func, holder, given.func.attr)
        else:
            function = self._value(frame, given.func)
        if not isinstance(function, Named):
            raise self._error(frame, given, "it calls what is no function")
        return self._by_name(frame, given, function.name, args, kwargs)

    def _by_name(
        self,
        frame: Frame,
        given: ast.Call,
        name: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> object:
        if name in CASTS and len(args) == 1:
            return self._cast(frame, given, CASTS[name], args[0])
        if name.startswith("__torch__."):
            return self._own(frame, given, name, args, kwargs)
        room, _, plain = name.rpartition(".")
        if room in ("torch", "ops.aten"):
            operator = plain
        elif room == "ops.prim":
            operator = f"prim.{plain}"
        else:
            raise self._error(
                frame, given, f"it calls {name[:100]}, which belongs to no part of torch known here"
            )
        return self._operator(frame, given, operator, args, kwargs)

    def _operator(
        self,
        frame: Frame,
        given: ast.Call,
        operator: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> object:
        if operator == "prim.RaiseException":
            if self._ignores_refusals:
                return None
            text = args[0] if args and isinstance(args[0], str) else "it raises an error"
            raise self._unfit(frame, given, f"it refuses its input: {text[:200]}")
        if operator in _IGNORED:
            return None
        told = [*args, *kwargs.values()]
        self._step(frame, given, cost_of(operator, told))
        if operator in NUMBERS and (is_question(operator, args) or not _has_tensors(told)):
            try:
                found = self._kept(frame, given, NUMBERS[operator](*args, **kwargs))
                self._step(frame, given, cost_of(operator, (), found))
                return found
            except _NOT_TAKEN as error:
                text = f"{operator} does not take what it is given ({str(error)[:100]})"
                raise self._unfit(frame, given, text) from error
        if operator in ("Int", "Float", "Bool", "IntImplicit", "FloatImplicit", "ScalarImplicit",
                        "item") and len(args) == 1:  # fmt: skip
            kind = int if operator.startswith("Int") else float if operator[0] == "F" else None
            return self._cast(frame, given, bool if operator == "Bool" else kind, args[0])
        if operator.startswith("prim."):
            raise self._error(frame, given, f"it calls {operator}, which is not followed")
        try:
            return self._call(operator, args, kwargs, frame.path)
        except CannotCompute as error:
            raise self._unfit(frame, given, str(error).rstrip(".")) from error
        except (Depends, DoesNotFit):
            raise
        except FormatError as error:
            raise self._error(frame, given, str(error).rstrip(".")) from error

    def _cast(
        self, frame: Frame, given: ast.AST, kind: Callable[[float], object] | None, value: object
    ) -> object:
        number = self._number(frame, given, value) if isinstance(value, Tensor) else value
        if not isinstance(number, bool | int | float):
            raise self._error(frame, given, "what is no number is taken for one")
        try:
            return number if kind is None else self._kept(frame, given, kind(number))
        except (ValueError, OverflowError) as error:
            raise self._error(frame, given, str(error).rstrip(".")) from error

    def _own(
        self,
        frame: Frame,
        given: ast.AST,
        name: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> object:
        """Call a function of the file, or make an object of one of its classes."""
        found = self._code.find(name)
        match found:
            case Function():
                return self._function(found, args, kwargs, frame.path)
            case Class(is_tuple=True):
                items = tuple(args) + tuple(kwargs[key] for key in found.fields if key in kwargs)
                if len(items) != len(found.fields):
                    raise self._error(frame, given, f"{found.short_name} lacks items")
                return Record(found.fields, items)
            case Class() if "__init__" in found.methods:
                thing = Thing(found.name)
                self._method(thing, "__init__", args, kwargs, frame.path)
                return thing
            case _:
                raise self._error(frame, given, f"{name[:200]} is not in the file's code")


def _has_tensors(values: Sequence[object]) -> bool:
    """Say whether there are tensors, or lists of them, which is as deep as operators take them."""
    return any(
        any(isinstance(item, Tensor) for item in cast("Sequence[object]", each))
        if isinstance(each, list | tuple)
        else isinstance(each, Tensor)
        for each in values
    )
