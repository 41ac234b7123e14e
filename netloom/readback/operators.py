"""Operators: arithmetic on numbers, and the layers that are drawn for them between tensors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from netloom.readback.effort import spend
from netloom.readback.evaluate import MAX_NUMBER, Evaluator
from netloom.readback.frames import Frame
from netloom.readback.functions import (
    called_function,
    expression_use,
    function_use,
    operator_use,
    same_operator_chain,
)
from netloom.readback.syntax import CannotRead
from netloom.readback.values import (
    Flow,
)

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


class OperatorEvaluator(Evaluator):
    """Works out operators, and the forms of several calls that are one layer."""

    def computed(self, tree: ast.BinOp, frame: Frame) -> object:
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
        match last:
            case ast.Call(func=function, args=[gate]) if (
                isinstance(tree.op, ast.Mult)
                and called_function(self.file.dotted_name(function)) == "sigmoid"
            ):
                flows = [self.value(first, frame), self.value(gate, frame)]
                if all(isinstance(flow, Flow) for flow in flows):
                    text, given = "t0 * torch.sigmoid(t1)", cast("list[Flow]", flows)
                    return self.add_use(expression_use(text, ("Gate",), given), tree, frame)
            case _:
                pass
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
                parts = cast("list[list[object]]", values)
                spend(sum(map(len, parts)), tree)
                joined = [item for part in parts for item in part]
                return joined if kind is list else tuple(joined)
        numbers = [
            value for value in values
            if isinstance(value, int | float) and abs(value) <= MAX_NUMBER
        ]  # fmt: skip
        if compute is None or len(numbers) < len(values):
            raise CannotRead(tree, "Only plain arithmetic on numbers can be read here.")
        result: float = numbers[0]
        try:
            for number in numbers[1:]:
                result = compute(result, number)
        except (ZeroDivisionError, OverflowError):
            raise CannotRead(tree, "This has no value.") from None
        if isinstance(result, float):
            return self.bounded(result, tree)
        return result

    def nested_form(self, name: str, tree: ast.Call, frame: Frame) -> object:
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
        return tree.args[0] if sorted(map(_whole, tree.args[1:])) == [-2, -1] else None

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


def _whole(tree: ast.expr) -> int:
    """Return the number of an axis that is written out; 0, which is the batch, for others."""
    match tree:
        case ast.Constant(value=int() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
            return -number
        case _:
            return 0
