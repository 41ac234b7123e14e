"""Expressions of source, worked out without running anything of it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import cast

from netloom.compile.classes import SHARE_FUNCTION
from netloom.compile.own_classes import own_classes
from netloom.graph.document import Node
from netloom.readback.functions import (
    NoSuchFunction,
    Use,
    called_function,
    class_use,
    expression_use,
    function_use,
    operator_use,
    same_operator_chain,
)
from netloom.readback.layers import named_arguments
from netloom.readback.records import ReadNode
from netloom.readback.syntax import CannotRead, SourceFile
from netloom.readback.values import (
    LOST,
    UNREAD,
    Chain,
    ClassModule,
    Flow,
    LayerModule,
    Module,
    PassOn,
    Plain,
    SizeOf,
    SizesOf,
    Unread,
    is_plain,
)

MAX_ITEMS = 20_000
_MAX_NUMBER = 10**15
_TENSOR_OPERATORS: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "Add"),
    ast.Sub: ("-", "Subtract"),
    ast.Mult: ("*", "Multiply"),
    ast.Div: ("/", "Divide"),
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
    ast.FloorDiv: lambda one, other: one // other,
    ast.Mod: lambda one, other: one % other,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(slots=True)
class Frame:
    """Names and attributes while one method of one use of a class is read.

    Attributes:
        origins: Names that are arguments of the constructor.
        nodes: Of the use, in the order they are called; None while `__init__` is read.
        seeds: Nodes of the present network by name.
    """

    names: dict[str, object] = field(default_factory=dict[str, object])
    attributes: dict[str, object] = field(default_factory=dict[str, object])
    origins: frozenset[str] = frozenset()
    nodes: list[ReadNode] | None = None
    seeds: Mapping[str, Node] = field(default_factory=dict[str, Node])
    self_name: str = "self"


@cache
def _own_dumps() -> Mapping[str, str]:
    return {name: ast.dump(ast.parse(own.text).body[0]) for name, own in own_classes().items()}


def is_carried(tree: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether this is a class or function that generated source carries, letter by letter."""
    return _own_dumps().get(tree.name) == ast.dump(tree)


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

    def value(self, tree: ast.expr, frame: Frame) -> object:
        """Return what an expression stands for.

        Raises:
            CannotRead: It is beyond what is read.
        """
        match tree:
            case ast.Constant(value=bool() | int() | float() | str() | None as value):
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
                return self._operation(tree, frame)
            case ast.Compare() | ast.BoolOp():
                return self.condition(tree, frame)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.condition(test, frame) else other, frame)
            case ast.Attribute():
                return self._attribute(tree, frame)
            case ast.Subscript():
                return self._subscript(tree, frame)
            case ast.Call():
                return self._call(tree, frame)
            case _:
                raise CannotRead(tree, "This expression cannot be read: layers, their calls and "
                                 "arithmetic can.")  # fmt: skip

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

    def iterated(self, tree: ast.expr, frame: Frame) -> Iterable[object]:
        """Return what a loop goes through."""
        found = self.value(tree, frame)
        if isinstance(found, Chain):
            return [*found.items]
        if isinstance(found, list | tuple):
            return cast("list[object]", found)
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
        return list(self.iterated(tree, frame))

    @staticmethod
    def _is_plain_repeat(tree: ast.GeneratorExp | ast.ListComp) -> bool:
        [first, *others] = tree.generators
        target = first.target
        used = {node.id for node in ast.walk(tree.elt) if isinstance(node, ast.Name)}
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

    def _operation(self, tree: ast.BinOp, frame: Frame) -> object:
        operands = same_operator_chain(tree)
        if (special := self._known_form(tree, operands, frame)) is not None:
            return special
        values = [self.value(operand, frame) for operand in operands]
        flows = [value for value in values if isinstance(value, Flow)]
        if len(flows) == len(values):
            if type(tree.op) in _TENSOR_OPERATORS:
                return self.add_use(
                    operator_use(*_TENSOR_OPERATORS[type(tree.op)], flows), tree, frame
                )
            if isinstance(tree.op, ast.MatMult) and len(flows) == 2:
                return self.add_use(function_use("matmul", flows, {}), tree, frame)
        if flows:
            raise CannotRead(tree, "Only tensors can be computed with tensors here; there is no "
                             "layer for a number.")  # fmt: skip
        return self._arithmetic(tree, values)

    def _known_form(self, tree: ast.BinOp, operands: Sequence[ast.expr], frame: Frame) -> object:
        """Read `a * torch.sigmoid(b)` and `(a + b) / 2`, which are one layer each."""
        first, *others = operands
        if len(others) != 1 or frame.nodes is None:
            return None
        [last] = others
        is_gated = isinstance(last, ast.Call) and len(last.args) == 1
        if is_gated and called_function(self.file.dotted_name(last.func)) == "sigmoid":
            flows = [self.value(first, frame), self.value(last.args[0], frame)]
            if isinstance(tree.op, ast.Mult) and all(isinstance(flow, Flow) for flow in flows):
                use = expression_use("t0 * torch.sigmoid(t1)", ("Gate",), cast("list[Flow]", flows))
                return self.add_use(use, tree, frame)
        if isinstance(tree.op, ast.Div) and isinstance(first, ast.BinOp):
            return self._average(first, last, tree, frame)
        return None

    def _average(self, added: ast.expr, number: ast.expr, tree: ast.expr, frame: Frame) -> object:
        if not isinstance(added, ast.BinOp) or not isinstance(added.op, ast.Add):
            return None
        trees = same_operator_chain(added)
        if not isinstance(number, ast.Constant) or number.value != len(trees):
            return None
        flows = [self.value(each, frame) for each in trees]
        if not all(isinstance(flow, Flow) for flow in flows):
            return None
        names = " + ".join(f"t{index}" for index in range(len(flows)))
        text = f"torch.div({names}, {len(flows)})"
        return self.add_use(
            expression_use(text, ("Average",), cast("list[Flow]", flows)), tree, frame
        )

    def _arithmetic(self, tree: ast.BinOp, values: Sequence[object]) -> object:
        compute = _ARITHMETIC.get(type(tree.op))
        for kind in (list, tuple):
            if isinstance(tree.op, ast.Add) and all(isinstance(value, kind) for value in values):
                joined = [item for value in values for item in cast("list[object]", value)]
                return joined if kind is list else tuple(joined)
        numbers = [
            value for value in values
            if isinstance(value, int | float) and abs(value) < _MAX_NUMBER
        ]  # fmt: skip
        if compute is None or len(numbers) < len(values):
            raise CannotRead(tree, "Only plain arithmetic on numbers can be read here.")
        result: float = numbers[0]
        try:
            for number in numbers[1:]:
                result = compute(result, number)
        except (ZeroDivisionError, OverflowError):
            raise CannotRead(tree, "This has no value.") from None
        return result

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

    def _call(self, tree: ast.Call, frame: Frame) -> object:
        dotted = self.file.dotted_name(tree.func)
        if dotted is not None and dotted.startswith("nn."):
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
        values = [*positional, *keywords.values()]
        if not all(is_plain(value) for value in values):
            raise CannotRead(tree, f"{target} takes plain values only.")
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
            if is_carried(self.file.classes[name]):
                return self._layer_module(name, positional, keywords, tree, frame)
            arguments = self._bound(self.file.classes[name], positional, keywords, tree)
            method = constructor_of(self.file.classes[name])
            names = [] if method is None else [each.arg for each in method.args.args[1:]]
            origins = self._origins(tree, names, frame)
            return ClassModule(tree, class_name=name, arguments=arguments, origins=origins)
        if name == "range" and all(isinstance(value, int) for value in positional) and positional:
            turns = range(*cast("list[int]", positional[:3]))
            if len(turns) > 100_000:
                raise CannotRead(tree, "This loop is too long to be read.")
            return list(turns)
        if name in ("list", "tuple") and len(positional) == 1:
            items = list(self.iterated(tree.args[0], frame))
            return items if name == "list" else tuple(items)
        if name == "len" and len(positional) == 1 and isinstance(positional[0], list | tuple):
            return len(cast("list[object]", positional[0]))
        if name == "int" and len(positional) == 1 and isinstance(positional[0], int | float):
            return int(positional[0])
        if name == "max" and positional and all(isinstance(v, int | float) for v in positional):
            return max(cast("list[float]", positional))
        raise CannotRead(tree, f"{name[:64]} is neither a class of this file nor known otherwise.")

    @staticmethod
    def _bound(
        tree: ast.ClassDef,
        positional: Sequence[object],
        keywords: Mapping[str, object],
        call: ast.expr,
    ) -> dict[str, object]:
        """Return constructor arguments by name, without defaults."""
        method = constructor_of(tree)
        names = [] if method is None else [each.arg for each in method.args.args[1:]]
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
        nested = self._nested_form(name, tree, frame)
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
        try:
            return self.add_use(function_use(name, positional, keywords), tree, frame)
        except NoSuchFunction as error:
            raise CannotRead(tree, str(error)) from None

    def _nested_form(self, name: str, tree: ast.Call, frame: Frame) -> object:
        """Read the layers that are several calls within each other."""
        if name == "div" and len(tree.args) == 2:
            return self._average(tree.args[0], tree.args[1], tree, frame)
        if name in ("maximum", "minimum"):
            trees = self._left_nested(name, tree)
            if len(trees) > 2:
                flows = self.items(trees, frame)
                text = "t0"
                for index in range(1, len(flows)):
                    text = f"torch.{name}({text}, t{index})"
                use = expression_use(text, (name.title(),), cast("list[Flow]", flows))
                return self.add_use(use, tree, frame)
        if name == "matmul" and len(tree.args) == 2:
            flipped = [self._without_transpose(each) for each in tree.args]
            if any(inner is not None for inner in flipped):
                return self._transposed_product(tree, flipped, frame)
        return None

    def _transposed_product(
        self, tree: ast.Call, flipped: Sequence[ast.expr | None], frame: Frame
    ) -> object:
        words: list[str] = []
        flows: list[object] = []
        for index, (whole, inner) in enumerate(zip(tree.args, flipped, strict=True)):
            flows.append(self.value(inner or whole, frame))
            words.append(f"torch.transpose(t{index}, -2, -1)" if inner else f"t{index}")
        text = f"torch.matmul({', '.join(words)})"
        return self.add_use(
            expression_use(text, ("MatMul",), cast("list[Flow]", flows)), tree, frame
        )

    def _without_transpose(self, tree: ast.expr) -> ast.expr | None:
        """Return the tensor of `torch.transpose(x, -2, -1)`."""
        if not isinstance(tree, ast.Call) or len(tree.args) != 3:
            return None
        if called_function(self.file.dotted_name(tree.func)) != "transpose":
            return None
        return (
            tree.args[0] if {ast.unparse(each) for each in tree.args[1:]} == {"-2", "-1"} else None
        )

    def _left_nested(self, name: str, tree: ast.Call) -> list[ast.expr]:
        found: list[ast.expr] = []
        node: ast.expr = tree
        while (
            isinstance(node, ast.Call)
            and len(node.args) == 2
            and called_function(self.file.dotted_name(node.func)) == name
        ):
            found.append(node.args[1])
            node = node.args[0]
        return [node, *reversed(found)]


def constructor_of(tree: ast.ClassDef) -> ast.FunctionDef | None:
    """Return `__init__` of a class."""
    return method_of(tree, "__init__")


def method_of(tree: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """Return a method of a class by its name."""
    for part in tree.body:
        if isinstance(part, ast.FunctionDef) and part.name == name:
            return part
    return None
