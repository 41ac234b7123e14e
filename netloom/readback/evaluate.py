"""Expressions of source, worked out without running anything of it."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from netloom.readback.effort import spend
from netloom.readback.frames import Frame
from netloom.readback.functions import (
    Use,
    class_use,
    function_use,
)
from netloom.readback.syntax import CannotRead, SourceFile
from netloom.readback.values import (
    UNREAD,
    Chain,
    ClassModule,
    Flow,
    Module,
    SizeOf,
    SizesOf,
    Unread,
    is_plain,
)

MAX_ITEMS = 20_000
MAX_NUMBER = 10**15
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Evaluator:
    """Works out expressions; what is called in `forward` becomes nodes."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file

    def apply(
        self, module: Module, flows: Sequence[object], tree: ast.Call, frame: Frame
    ) -> object:
        """Call a module in `forward`."""
        raise NotImplementedError

    def add_use(self, use: Use, tree: ast.expr, frame: Frame) -> object:
        """Add the node of a function that is called in `forward`."""
        raise NotImplementedError

    def called(self, tree: ast.Call, frame: Frame) -> object:
        """Return what a call gives."""
        raise NotImplementedError

    def computed(self, tree: ast.BinOp, frame: Frame) -> object:
        """Return what an operator gives."""
        raise NotImplementedError

    def value(self, tree: ast.expr, frame: Frame) -> object:
        """Return what an expression stands for.

        Raises:
            CannotRead: It is beyond what is read.
        """
        spend(1, tree)
        match tree:
            case ast.Constant(value=int() | float() as number):
                return self.bounded(number, tree)
            case ast.Constant(value=str() | None as value):
                return value
            case ast.Name(id=name):
                if name in frame.names:
                    return self._read(frame.names[name], tree)
                raise CannotRead(tree, f"{name[:64]} is not known here.")
            case ast.Tuple(elts=items):
                return tuple(self.items(items, frame))
            case ast.List(elts=items):
                return self.items(items, frame)
            case ast.ListComp() | ast.GeneratorExp():
                return list(self._comprehended(tree, frame))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(operand, frame)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.condition(operand, frame)
            case ast.BinOp():
                return self.computed(tree, frame)
            case ast.Compare(left=ast.Name() as left, ops=[ast.Eq()], comparators=[right]) if (
                isinstance(flow := self.value(left, frame), Flow)
            ):
                return self.add_use(
                    function_use("eq", (flow, self.value(right, frame)), {}), tree, frame
                )
            case ast.Compare() | ast.BoolOp():
                return self.condition(tree, frame)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.condition(test, frame) else other, frame)
            case ast.Attribute():
                return self._attribute(tree, frame)
            case ast.Subscript():
                return self._subscript(tree, frame)
            case ast.Call():
                return self.called(tree, frame)
            case _:
                raise CannotRead(tree, "This expression cannot be read: layers, their calls and "
                                 "arithmetic can.")  # fmt: skip

    @staticmethod
    def bounded(number: float, tree: ast.expr) -> float:
        """Return a number that every layer and every file can hold."""
        if math.isfinite(number) and (isinstance(number, float) or abs(number) <= MAX_NUMBER):
            return number
        raise CannotRead(tree, "This number is too large.")

    def items(self, trees: Sequence[ast.expr], frame: Frame) -> list[object]:
        """Return the values of several expressions, starred ones spread out."""
        found: list[object] = []
        for tree in trees:
            if isinstance(tree, ast.Starred):
                found += self._spread(tree.value, frame)
            else:
                found.append(self.value(tree, frame))
            if len(found) > MAX_ITEMS:
                raise CannotRead(tree, f"This is more than {MAX_ITEMS:,} items.")
        return found

    def iterated(self, tree: ast.expr, frame: Frame) -> list[object]:
        """Return what a loop goes through."""
        found = self.value(tree, frame)
        if isinstance(found, Chain):
            found = found.items
        if isinstance(found, list | tuple):
            held = cast("list[object]", found)
            spend(len(held), tree)
            return [*held]  # What a loop does to its own list is not followed.
        raise CannotRead(tree, "Loops go over range(), lists and the parts of nn.ModuleList.")

    def condition(self, tree: ast.expr, frame: Frame) -> bool:
        """Decide a condition on plain values."""
        match tree:
            case ast.BoolOp(op=op, values=values):
                found = (self.condition(value, frame) for value in values)
                return all(found) if isinstance(op, ast.And) else any(found)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compared(op, self.value(left, frame), self.value(right, frame), tree)
            case _:
                value = self.value(tree, frame)
                if isinstance(value, Flow):
                    raise CannotRead(tree, "What a network computes must not depend on a tensor.")
                return bool(value)

    @staticmethod
    def _compared(op: ast.cmpop, left: object, right: object, tree: ast.expr) -> bool:
        if isinstance(op, ast.Is | ast.IsNot):
            return (left is right) is isinstance(op, ast.Is)
        if is_plain(left) and is_plain(right):
            if isinstance(op, ast.Eq | ast.NotEq):
                return (left == right) is isinstance(op, ast.Eq)
            compare = _COMPARISONS.get(type(op))
            if compare and isinstance(left, int | float) and isinstance(right, int | float):
                return compare(left, right)
        raise CannotRead(tree, "This condition cannot be decided from the source alone.")

    @staticmethod
    def _read(value: object, tree: ast.expr) -> object:
        if isinstance(value, Unread):
            raise CannotRead(tree, "")
        return value

    def _spread(self, tree: ast.expr, frame: Frame) -> list[object]:
        """Return the items of `*(Block(64) for _ in range(3))`: one item that is there often."""
        if isinstance(tree, ast.GeneratorExp | ast.ListComp) and self._is_plain_repeat(tree):
            turns = self.value(tree.generators[0].iter, frame)
            element = self.value(tree.elt, frame) if turns else None
            if isinstance(element, ClassModule) and isinstance(turns, list):
                element.count = len(cast("list[object]", turns))
                return [element]
        return self.iterated(tree, frame)

    @staticmethod
    def _is_plain_repeat(tree: ast.GeneratorExp | ast.ListComp) -> bool:
        [first, *others] = tree.generators
        target = first.target
        parts = [*ast.walk(tree.elt)]
        spend(len(parts), tree)
        used = {node.id for node in parts if isinstance(node, ast.Name)}
        is_unused = isinstance(target, ast.Name) and target.id not in used
        return not others and not first.ifs and is_unused

    def _comprehended(
        self, tree: ast.ListComp | ast.GeneratorExp, frame: Frame
    ) -> Iterator[object]:
        [first, *others] = tree.generators
        if others or not isinstance(first.target, ast.Name):
            raise CannotRead(tree, "Only one simple loop can be read here.")
        name = first.target.id
        before = frame.names.get(name, UNREAD)
        for item in self.iterated(first.iter, frame):
            frame.names[name] = item
            if all(self.condition(test, frame) for test in first.ifs):
                yield self.value(tree.elt, frame)
        frame.names[name] = before

    def _number(self, tree: ast.expr, frame: Frame) -> float:
        value = self.value(tree, frame)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CannotRead(tree, "A number is expected here.")
        return value

    def _attribute(self, tree: ast.Attribute, frame: Frame) -> object:
        if isinstance(tree.value, ast.Name) and tree.value.id == frame.self_name:
            if tree.attr in frame.attributes:
                return self._read(frame.attributes[tree.attr], tree)
            raise CannotRead(tree, f"__init__ makes no self.{tree.attr[:64]} that can be read.")
        owner = self.value(tree.value, frame)
        if isinstance(owner, Flow) and tree.attr == "shape":
            return SizesOf(owner)
        raise CannotRead(tree, f".{tree.attr[:64]} cannot be read here.")

    def _subscript(self, tree: ast.Subscript, frame: Frame) -> object:
        owner = self.value(tree.value, frame)
        if isinstance(owner, Flow):
            return self._cut(owner, tree, frame)
        index = self.value(tree.slice, frame)
        if isinstance(owner, SizesOf) and isinstance(index, int):
            return SizeOf(owner.flow, index)
        held: object = owner.items if isinstance(owner, Chain) else owner
        if isinstance(held, list | tuple) and isinstance(index, int):
            items = cast("list[object]", held)
            if -len(items) <= index < len(items):
                return items[index]
        raise CannotRead(tree, "There is no such item.")

    def _cut(self, flow: Flow, tree: ast.Subscript, frame: Frame) -> object:
        """Read `x[:, -1]`: one step of a sequence."""
        match tree.slice:
            case ast.Tuple(elts=[ast.Slice(lower=None, upper=None), step, *rest]) if all(
                isinstance(each, ast.Slice) and each.lower is None and each.upper is None
                for each in rest
            ) and not isinstance(step, ast.Slice):
                number = self.value(step, frame)
                if isinstance(number, int):
                    return self.add_use(class_use("TakeStep", (flow,), (number,), {}), tree, frame)
            case _:
                pass
        raise CannotRead(tree, "Of a tensor only one step can be taken this way: x[:, -1].")
