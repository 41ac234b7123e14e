"""Calls: of layers, of functions of torch, and of the classes of the file."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import cast

from netloom.compile.classes import SHARE_FUNCTION
from netloom.readback.classes import arguments_of, constructor_of
from netloom.readback.effort import spend
from netloom.readback.frames import Frame
from netloom.readback.functions import (
    NoSuchFunction,
    called_function,
    function_use,
)
from netloom.readback.operators import OperatorEvaluator
from netloom.readback.syntax import CannotRead, is_packaged
from netloom.readback.values import (
    LOST,
    MAX_PLAIN,
    Chain,
    ClassModule,
    Flow,
    LayerModule,
    Module,
    PassOn,
    Plain,
    SizeOf,
    SizesOf,
    is_plain,
)
from netloom.readback.wanted import named_arguments

MAX_TURNS = 100_000


class CallEvaluator(OperatorEvaluator):
    """Works out calls; what is called in `forward` becomes nodes."""

    def called(self, tree: ast.Call, frame: Frame) -> object:
        dotted = self.file.dotted_name(tree.func)
        if dotted is not None and (dotted.startswith("nn.") or is_packaged(dotted)):
            return self._made(dotted, tree, frame)
        function = called_function(dotted)
        if function is not None:
            return self._function(function, tree, frame)
        if isinstance(tree.func, ast.Name) and tree.func.id not in frame.names:
            return self._named_call(tree.func.id, tree, frame)
        if isinstance(tree.func, ast.Attribute):
            is_self = (
                isinstance(tree.func.value, ast.Name) and tree.func.value.id == frame.self_name
            )
            if not is_self:
                owner = self.value(tree.func.value, frame)
                if isinstance(owner, Flow):
                    return self._method(owner, tree.func.attr, tree, frame)
                raise CannotRead(tree, f".{tree.func.attr[:64]}() cannot be read here.")
            if tree.func.attr not in frame.attributes:
                raise CannotRead(tree, f"__init__ makes no self.{tree.func.attr[:64]} that can be "
                                 "read. Methods of your own are not gone into.")  # fmt: skip
        callee = self.value(tree.func, frame)
        if not isinstance(callee, Module):
            raise CannotRead(tree, "Only layers and functions of torch can be called.")
        if tree.keywords:
            raise CannotRead(tree, "Give tensors by position.")
        return self.apply(callee, self.items(tree.args, frame), tree, frame)

    def _arguments(self, tree: ast.Call, frame: Frame) -> tuple[list[object], dict[str, object]]:
        keywords: dict[str, object] = {}
        for keyword in tree.keywords:
            if keyword.arg is None:
                raise CannotRead(keyword.value, "Write the arguments out one by one.")
            keywords[keyword.arg] = self.value(keyword.value, frame)
        return self.items(tree.args, frame), keywords

    def _made(self, target: str, tree: ast.Call, frame: Frame) -> Module:
        """Read a call of a class of torch."""
        if target in ("nn.Sequential", "nn.ModuleList"):
            items = self.items(tree.args, frame)
            if len(items) == 1 and isinstance(items[0], list | tuple) and target == "nn.ModuleList":
                items = list(cast("list[object]", items[0]))
            modules = [item for item in items if isinstance(item, Module)]
            if len(modules) < len(items) or tree.keywords:
                raise CannotRead(tree, f"{target} holds layers, one after the other.")
            return Chain(tree, items=modules) if modules else PassOn(tree)
        positional, keywords = self._arguments(tree, frame)
        if target == "nn.Identity":
            return PassOn(tree)
        return self._layer_module(target, positional, keywords, tree, frame)

    def _layer_module(
        self,
        target: str,
        positional: Sequence[object],
        keywords: Mapping[str, object],
        tree: ast.Call,
        frame: Frame,
    ) -> LayerModule:
        if not is_plain([*positional, *keywords.values()], MAX_PLAIN):
            raise CannotRead(tree, f"{target} takes plain values only, and not that many.")
        named = named_arguments(
            target, cast("list[Plain]", positional), cast("dict[str, Plain]", keywords)
        )
        if isinstance(named, str):
            raise CannotRead(tree, named)
        names = list(named_arguments(target, cast("list[Plain]", positional), {}))
        origins = self._origins(tree, names, frame)
        return LayerModule(tree, target=target, arguments=named, origins=origins)

    @staticmethod
    def _origins(tree: ast.Call, names: Sequence[str], frame: Frame) -> dict[str, str]:
        """Return the constructor's own arguments that are passed on as they are."""
        trees = [
            *zip(names, tree.args, strict=False),
            *((keyword.arg or "", keyword.value) for keyword in tree.keywords),
        ]
        return {
            name: each.id
            for name, each in trees
            if isinstance(each, ast.Name) and each.id in frame.origins
        }

    def _named_call(self, name: str, tree: ast.Call, frame: Frame) -> object:
        positional, keywords = self._arguments(tree, frame)
        if name == SHARE_FUNCTION and len(positional) == 1 and isinstance(positional[0], Chain):
            positional[0].is_shared = True
            return positional[0]
        if name in self.file.classes:
            if name in self.file.carried:
                return self._layer_module(name, positional, keywords, tree, frame)
            arguments = self._bound(self.file.classes[name], positional, keywords, tree)
            method = constructor_of(self.file.classes[name])
            names = [] if method is None else [each.arg for each in arguments_of(method)[1:]]
            origins = self._origins(tree, names, frame)
            return ClassModule(tree, class_name=name, arguments=arguments, origins=origins)
        if name == "range" and all(isinstance(value, int) for value in positional) and positional:
            return self._range(cast("list[int]", positional[:3]), tree)
        if name in ("list", "tuple") and len(positional) == 1:
            items = list(self.iterated(tree.args[0], frame))
            return items if name == "list" else tuple(items)
        if name == "len" and len(positional) == 1 and isinstance(positional[0], list | tuple):
            return len(cast("list[object]", positional[0]))
        if name == "int" and len(positional) == 1 and isinstance(positional[0], int | float):
            return int(positional[0])  # Every number here is finite.
        if name == "max" and positional and all(isinstance(v, int | float) for v in positional):
            return max(cast("list[float]", positional))
        raise CannotRead(tree, f"{name[:64]} is neither a class of this file nor known otherwise.")

    @staticmethod
    def _range(limits: Sequence[int], tree: ast.Call) -> list[int]:
        if len(limits) == 3 and limits[2] == 0:
            raise CannotRead(tree, "A step of 0 goes nowhere.")
        turns = range(*limits)
        if len(turns) > MAX_TURNS:
            raise CannotRead(tree, "This loop is too long to be read.")
        spend(len(turns), tree)
        return list(turns)

    @staticmethod
    def _bound(
        tree: ast.ClassDef,
        positional: Sequence[object],
        keywords: Mapping[str, object],
        call: ast.expr,
    ) -> dict[str, object]:
        """Return constructor arguments by name, without defaults."""
        method = constructor_of(tree)
        names = [] if method is None else [each.arg for each in arguments_of(method)[1:]]
        if len(positional) > len(names):
            raise CannotRead(call, f"{tree.name[:64]} takes {len(names)} arguments.")
        bound = {**dict(zip(names, positional, strict=False)), **keywords}
        only: set[str] = set() if method is None else {each.arg for each in method.args.kwonlyargs}
        unknown = bound.keys() - set(names) - only
        if unknown:
            raise CannotRead(call, f"{tree.name[:64]} has no argument {min(unknown)[:64]}.")
        return bound

    def _function(self, name: str, tree: ast.Call, frame: Frame) -> object:
        if frame.nodes is None:
            raise CannotRead(tree, "Tensors are computed in forward, not in __init__.")
        nested = self.nested_form(name, tree, frame)
        if nested is not None:
            return nested
        positional, keywords = self._arguments(tree, frame)
        return self._used(name, positional, keywords, tree, frame)

    def _method(self, flow: Flow, name: str, tree: ast.Call, frame: Frame) -> object:
        positional, keywords = self._arguments(tree, frame)
        if name == "size" and len(positional) <= 1:
            return (
                SizeOf(flow, positional[0])
                if positional and isinstance(positional[0], int)
                else SizesOf(flow)
            )
        if name in ("contiguous", "clone") and not positional:
            return flow
        return self._used(name, [flow, *positional], keywords, tree, frame)

    def _used(
        self,
        name: str,
        positional: Sequence[object],
        keywords: Mapping[str, object],
        tree: ast.Call,
        frame: Frame,
    ) -> object:
        if any(value == LOST for value in positional if isinstance(value, Flow)):
            raise CannotRead(tree, "")
        given = [*positional, *keywords.values()]
        if len(given) > MAX_PLAIN:
            raise CannotRead(tree, "These are too many arguments.")
        try:
            return self.add_use(function_use(name, positional, keywords), tree, frame)
        except NoSuchFunction as error:
            raise CannotRead(tree, str(error)) from None
