"""Interprets the code of a TorchScript file, statement by statement, on tensors of known sizes.

What it may do is listed here and in `numbers`: compute with numbers and lists, call what the file
itself defines, and call operators of ATen that the `Tape` runs. Steps, calls within calls and the
length of lists are limited; decisions and loops are followed as far as they depend on sizes and
settings, not on the numbers of the input.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from netloom.formats.imported import FormatError
from netloom.formats.torchscript.calling import Calling
from netloom.formats.torchscript.expressions import Frame, Record
from netloom.formats.torchscript.objects import AGAIN, Thing
from netloom.formats.torchscript.source import Function

MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class _Returned:
    """That a function has ended, and what with."""

    value: object


class Machine(Calling):
    """Runs methods of the objects in a file."""

    _depth = 0

    def run(self, thing: Thing, name: str, args: Sequence[object]) -> object:
        """Call a method of a module.

        Raises:
            FormatError: The code does what is not understood here, or what must not be done.
            DoesNotFit: It does not take these arguments.
            Depends: It decides by the numbers of its input.
        """
        try:
            return self._method(thing, name, args, {}, self._paths.get(id(thing), ""))
        except RecursionError as error:
            raise FormatError(f"Its code is nested deeper than is followed. {AGAIN}") from error

    def _method(
        self,
        thing: Thing,
        name: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
        path: str,
    ) -> object:
        method = self._code.class_of(thing.type_name).methods.get(name)
        if method is None:
            raise FormatError(f"{thing.type_name[:200]} has no method {name[:100]}. {AGAIN}")
        path = self._paths.get(id(thing), path)
        return self._function(method, [thing, *args], kwargs, path)

    def _function(
        self, function: Function, args: Sequence[object], kwargs: Mapping[str, object], path: str
    ) -> object:
        frame = Frame(function, path)
        if self._depth >= MAX_DEPTH:
            raise self._error(frame, function.syntax, "calls go deeper than is followed")
        self._bind(frame, args, kwargs)
        self._depth += 1
        try:
            found = self._block(frame, function.syntax.body)
        finally:
            self._depth -= 1
        return found.value if found is not None else None

    def _bind(self, frame: Frame, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        told = frame.function.syntax.args
        names = [each.arg for each in told.args]
        usual = dict(zip(names[::-1], told.defaults[::-1], strict=False))
        if len(args) > len(names) or not set(kwargs) <= set(names[len(args) :]):
            raise self._error(frame, frame.function.syntax, "it is called with other arguments")
        frame.names |= dict(zip(names, args, strict=False)) | dict(kwargs)
        for name in names:
            if name not in frame.names:
                if name not in usual:
                    text = f"its argument {name[:100]} is missing"
                    raise self._error(frame, frame.function.syntax, text)
                frame.names[name] = self._value(frame, usual[name])

    def _block(self, frame: Frame, body: Sequence[ast.stmt]) -> _Returned | None:
        for statement in body:
            found = self._statement(frame, statement)
            if found is not None:
                return found
        return None

    def _statement(self, frame: Frame, statement: ast.stmt) -> _Returned | None:
        self._step(frame, statement)
        match statement:
            case ast.Pass() | ast.AnnAssign(value=None):
                pass
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                self._assign(frame, target, self._value(frame, value))
            case ast.Expr(value=value):
                self._value(frame, value)
            case ast.Return(value=value):
                return _Returned(None if value is None else self._value(frame, value))
            case ast.If(test=test, body=body, orelse=orelse):
                return self._block(frame, body if self._decision(frame, test) else orelse)
            case ast.While(test=test, body=body, orelse=[]):
                while self._decision(frame, test):
                    found = self._block(frame, body)
                    if found is not None:
                        return found
                    self._step(frame, statement)
            case ast.For(target=target, iter=over, body=body, orelse=[]):
                for item in self._items(frame, over):
                    self._assign(frame, target, item)
                    found = self._block(frame, body)
                    if found is not None:
                        return found
            case _:
                raise self._error(frame, statement, "a statement of this kind is not followed")
        return None

    def _items(self, frame: Frame, over: ast.expr) -> Sequence[object]:
        match over:
            case ast.Call(func=ast.Name(id="range"), args=given, keywords=[]):
                numbers = [self._value(frame, each) for each in given]
                if not 1 <= len(numbers) <= 3 or not all(type(each) is int for each in numbers):
                    raise self._error(frame, over, "a loop counts with what is no whole number")
                if len(numbers) == 3 and numbers[2] == 0:
                    raise self._error(frame, over, "a loop makes no steps")
                return range(*cast("list[int]", numbers))
            case _:
                value = self._value(frame, over)
                if not isinstance(value, list | tuple):
                    raise self._error(frame, over, "a loop goes over what is no list")
                return cast("Sequence[object]", value)

    def _assign(self, frame: Frame, target: ast.expr, value: object) -> None:
        match target:
            case ast.Name(id=name):
                frame.names[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items = value.items if isinstance(value, Record) else value
                if not isinstance(items, list | tuple) or len(items) != len(targets):  # pyright: ignore[reportUnknownArgumentType]
                    raise self._unfit(frame, target, "other numbers of values are taken than given")
                self._step(frame, target, len(targets))
                for one, item in zip(targets, cast("Sequence[object]", items), strict=True):
                    self._assign(frame, one, item)
            case ast.Attribute(value=holder, attr=name):
                thing = self._value(frame, holder)
                if not isinstance(thing, Thing) or id(thing) in self._paths:
                    text = "a module changes what it holds while it computes"
                    raise self._error(frame, target, text)
                thing.attributes[name] = value
            case _:
                raise self._error(frame, target, "it is assigned to what is not followed")
