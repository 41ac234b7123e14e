"""Statements: what is assigned, looped over, decided, and said about layers."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import cast

from netloom.compile.setup import TIE_FUNCTION
from netloom.readback.calls import CallEvaluator
from netloom.readback.effort import spend
from netloom.readback.frames import Frame
from netloom.readback.model import SourceProblem
from netloom.readback.syntax import CannotRead, SourceFile, problem_at
from netloom.readback.tying import tie_modules
from netloom.readback.values import (
    LOST,
    UNREAD,
    Chain,
    ClassModule,
    Flow,
    LayerModule,
    Module,
    Plain,
    is_plain,
)

_CHAIN_NAMES = frozenset({"x", "h", "hidden", "flowing", "out", "y", "identity", "residual"})
NOTHING = object()
MAX_ERRORS = 60
"""Lines beyond these are not looked at: whatever the file is, it is not a network as drawn here."""


class StatementReader(CallEvaluator):
    """Goes through the statements of a method; collects problems."""

    def __init__(self, file: SourceFile) -> None:
        super().__init__(file)
        self.problems: dict[SourceProblem, None] = {}
        self.num_errors = 0

    def add_problem(self, node: ast.AST, message: str, *, is_note: bool = False) -> None:
        """Note what is to be said about a line, once."""
        if message:
            self.num_errors += not is_note
            self.problems[problem_at(node, message, is_note=is_note)] = None

    def run(self, body: Sequence[ast.stmt], frame: Frame) -> object:
        """Go through statements; return what is returned."""
        for statement in body:
            if self.num_errors > MAX_ERRORS:
                return NOTHING
            spend(1, statement)
            try:
                returned = self._statement(statement, frame)
                if returned is not NOTHING:
                    return returned
            except CannotRead as error:
                self.add_problem(error.node, error.message)
                self._forget(statement, frame)
            except RecursionError:
                self.add_problem(statement, "This is nested too deep. Write several statements.")
        return NOTHING

    @staticmethod
    def _forget(statement: ast.stmt, frame: Frame) -> None:
        """What a line that cannot be read would have assigned is not known."""
        lost: object = UNREAD if frame.nodes is None else LOST
        for node in ast.walk(statement):
            spend(1, statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                # What follows is still read, as if the line were not there.
                known = frame.names.get(node.id)
                frame.names[node.id] = known if isinstance(known, Flow) else lost
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                frame.attributes[node.attr] = UNREAD

    def _statement(self, statement: ast.stmt, frame: Frame) -> object:
        match statement:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self.value(value, frame), frame)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self.value(value, frame), frame)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                left = ast.copy_location(ast.Name(name, ast.Load()), target)
                whole = ast.copy_location(ast.BinOp(left, op, value), statement)
                self._assign(target, self.value(whole, frame), frame)
            case ast.Return(value=None):
                raise CannotRead(statement, "forward must return a tensor.")
            case ast.Return(value=ast.expr() as value):
                return self.value(value, frame)
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Assert():
                pass
            case ast.Expr(value=ast.Call() as call):
                self._standing_call(call, frame)
            case ast.If(test=test, body=body, orelse=other):
                return self.run(body if self.condition(test, frame) else other, frame)
            case ast.For(target=target, iter=source, body=body, orelse=[]):
                return self._loop(target, source, body, frame)
            case _:
                raise CannotRead(statement, "This statement cannot be read. Assigning, loops over "
                                 "layers and conditions on plain numbers can.")  # fmt: skip
        return NOTHING

    def _loop(
        self,
        target: ast.expr,
        source: ast.expr,
        body: Sequence[ast.stmt],
        frame: Frame,
    ) -> object:
        held = self.value(source, frame)
        if isinstance(held, Chain) and isinstance(target, ast.Name) and frame.nodes is not None:
            match body:
                case [
                    ast.Assign(targets=[result], value=ast.Call(func=ast.Name(id=name)) as call)
                ] if name == target.id and len({_class_of(item) for item in held.items}) == 1:
                    flows = self.items(call.args, frame)
                    self._assign(result, self.apply(held, flows, call, frame), frame)
                    return NOTHING
                case _:
                    pass
        for item in self.iterated(source, frame):
            self._assign(target, item, frame)
            returned = self.run(body, frame)
            if returned is not NOTHING:
                return returned
        return NOTHING

    def _assign(self, target: ast.expr, value: object, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                is_new = name not in frame.names
                frame.names[name] = value
                if isinstance(value, Flow) and frame.nodes and value.node == len(frame.nodes) - 1:
                    node = frame.nodes[-1]
                    wish = name.rstrip("_")
                    if node.module is None and (is_new or wish not in _CHAIN_NAMES):
                        node.name, node.is_named = wish, True
            case ast.Attribute(value=ast.Name(id=owner), attr=attr) if owner == frame.self_name:
                if frame.nodes is not None:
                    raise CannotRead(target, "forward must not change the module.")
                if isinstance(value, Module) and not value.name:
                    value.name = attr
                    for index, item in enumerate(value.items if isinstance(value, Chain) else ()):
                        item.name = f"{attr}_{index}"
                frame.attributes[attr] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                if isinstance(value, Flow) and len(targets) == 2 and _is_unused(targets[1]):
                    self._assign(targets[0], value, frame)  # `out, _ = self.lstm(x)`
                    return
                if not isinstance(value, list | tuple) or len(cast("list[object]", value)) != len(
                    targets
                ):
                    raise CannotRead(target, "There are not as many values as names.")
                for each, item in zip(targets, cast("list[object]", value), strict=True):
                    self._assign(each, item, frame)
                _name_by_outputs(targets, cast("list[object]", value), frame)
            case _:
                raise CannotRead(
                    target, "Assign to a name, or in __init__ to an attribute of self."
                )

    def _standing_call(self, call: ast.Call, frame: Frame) -> None:
        """Read `super().__init__()`, `layers.append(...)`, `nn.init...` and their like."""
        match call.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
                return
            case ast.Attribute(value=owner, attr="append"):
                held = self.value(owner, frame)
                items = self.items(call.args, frame)
                if len(items) != 1:
                    raise CannotRead(call, "append takes one item.")
                item = items[0]
                if isinstance(held, Chain) and isinstance(item, Module):
                    item.name = item.name or f"{held.name}_{len(held.items)}"
                    held.items.append(item)
                    return
                if isinstance(held, list):
                    cast("list[object]", held).append(item)
                    return
            case ast.Attribute(value=owner, attr="requires_grad_"):
                module = self.value(owner, frame)
                given = self.items(call.args, frame)
                if isinstance(module, Module) and given in ([False], [True], []):
                    module.is_frozen = given == [False]
                    return
            case ast.Name(id=name) if name == TIE_FUNCTION:
                items = self.items(call.args, frame)
                modules = [item for item in items if isinstance(item, Module)]
                if len(modules) == len(items) > 1 and not call.keywords:
                    for user in modules[1:]:
                        tie_modules(modules[0], user)
                    return
            case _:
                dotted = self.file.dotted_name(call.func) or ""
                if dotted.startswith("nn.init."):
                    self._start(dotted.removeprefix("nn.init."), call, frame)
                    return
        raise CannotRead(call, "This call cannot be read here.")

    def _start(self, function: str, call: ast.Call, frame: Frame) -> None:
        if not call.args:
            raise CannotRead(call, "nn.init is given the tensor first.")
        first, *others = call.args
        match first:
            case ast.Call(
                func=ast.Attribute(attr="get_parameter"), args=[ast.Constant(value=str() as path)]
            ):
                parts = path.split(".")
            case _:
                parts = _attributes(first)
        module = frame.attributes.get(parts[0]) if parts else None
        values = {each.arg: self.value(each.value, frame) for each in call.keywords if each.arg}
        if others or len(parts) < 2 or not isinstance(module, LayerModule):
            raise CannotRead(call, "nn.init is read for the tensors of one layer, its arguments "
                             "given by name.")  # fmt: skip
        plain = {name: cast("Plain", value) for name, value in values.items() if is_plain(value)}
        module.starts.append((".".join(parts[1:]), function, plain, call))


def _class_of(item: Module) -> str:
    return item.class_name if isinstance(item, ClassModule) else str(id(item))


def _attributes(tree: ast.expr) -> list[str]:
    """Return `conv` and `weight` of `self.conv.weight`; nothing for what is no such path."""
    parts: list[str] = []
    while isinstance(tree, ast.Attribute):
        parts.append(tree.attr)
        tree = tree.value
    return parts[::-1] if isinstance(tree, ast.Name) else []


def _is_unused(target: ast.expr) -> bool:
    names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
    return bool(names) and all(name.startswith("_") for name in names)


def _name_by_outputs(targets: Sequence[ast.expr], values: Sequence[object], frame: Frame) -> None:
    """Call a function's node `top` where its outputs are assigned to `top_values, top_indices`."""
    flows = [value for value in values if isinstance(value, Flow)]
    names = [target.id.rstrip("_") for target in targets if isinstance(target, ast.Name)]
    if not frame.nodes or len(flows) < len(values) or len(names) < len(targets):
        return
    node = frame.nodes[-1]
    if node.module is not None or any(flow.node != len(frame.nodes) - 1 for flow in flows):
        return
    stems = {name.removesuffix(f"_{flow.port}") for name, flow in zip(names, flows, strict=True)}
    if len(stems) == 1 and stems.isdisjoint(names):
        node.name, node.is_named = stems.pop(), True
