"""More layers of several tensors: arithmetic number by number, stacks, products and gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netloom.layers.activation import NoParams
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.combine import Combine, CombineParams, ElementWise, broadcast, describe_inputs
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import EVERYTHING, Reach
from netloom.layers.shapes import Dim, Shape, axes_of, elements_per_sample, named_shape_text
from netloom.layers.sizes import Size

if TYPE_CHECKING:
    from torch import nn


class Subtract(ElementWise):
    type_name = "Subtract"
    name_stem = "subtract"
    title = "Subtract"
    summary = "Takes the other inputs off the first, number by number."
    docs = "All inputs need the same shape; a dimension of size 1 is repeated."
    aliases = ("minus", "difference")
    icon = "minus"
    operator = "-"
    Params = CombineParams


class Divide(ElementWise):
    type_name = "Divide"
    name_stem = "divide"
    title = "Divide"
    summary = "Divides the first input by the others, number by number."
    docs = "Nothing guards against zero: put a Softplus before a divisor that can reach it."
    aliases = ("quotient", "ratio", "normalise")
    icon = "divide"
    operator = "/"
    keeps_for_backward = "input"
    Params = CombineParams


class Average(ElementWise):
    type_name = "Average"
    name_stem = "average"
    title = "Average"
    summary = "Takes the mean of its inputs, number by number."
    docs = "Joins parallel branches without making numbers larger, as an ensemble does."
    aliases = ("mean", "ensemble", "merge")
    icon = "plus"
    operator = "+"
    Params = CombineParams

    def call_source(self, params: CombineParams, inputs: Inputs, arguments: Sequence[str]) -> str:
        return f"torch.div({' + '.join(arguments)}, {len(arguments)})"


class Extreme(ElementWise):
    """The largest or smallest of the inputs, two by two."""

    function: str
    keeps_for_backward = "input"

    def call_source(self, params: CombineParams, inputs: Inputs, arguments: Sequence[str]) -> str:
        first, *others = arguments
        for other in others:
            first = f"torch.{self.function}({first}, {other})"
        return first


class Maximum(Extreme):
    type_name = "Maximum"
    name_stem = "maximum"
    title = "Maximum"
    summary = "Keeps the largest of its inputs, number by number."
    docs = "All inputs need the same shape; a dimension of size 1 is repeated."
    aliases = ("max", "maxout", "merge")
    icon = "math-max"
    function = "maximum"
    Params = CombineParams


class Minimum(Extreme):
    type_name = "Minimum"
    name_stem = "minimum"
    title = "Minimum"
    summary = "Keeps the smallest of its inputs, number by number."
    docs = "All inputs need the same shape; a dimension of size 1 is repeated."
    aliases = ("min", "merge")
    icon = "math-min"
    function = "minimum"
    Params = CombineParams


class Stack(FunctionLayer[CombineParams], Combine[CombineParams]):
    keeps_for_backward = "nothing"
    type_name = "Stack"
    name_stem = "stack"
    title = "Stack"
    summary = "Puts tensors of one shape side by side along a new axis."
    docs = (
        "Features (B, F) become the steps of a sequence (B, T, F); images (B, C, H, W) become the "
        "slices of a volume (B, C, D, H, W)."
    )
    aliases = ("join", "sequence", "merge", "pack")
    icon = "stack-2"
    inferred = {"dim": "Dimension"}
    Params = CombineParams

    def infer(self, params: CombineParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape, *others = inputs.values()
        axis = {"BF": "T", "BCHW": "D"}.get(axes_of(shape))
        if axis is None or any(other != shape for other in others):
            return ShapeProblem(
                "Stack needs features (B, F) or images (B, C, H, W) of one shape but receives "
                f"{describe_inputs(inputs)}.",
                port=next(port for port, found in inputs.items() if axis is None or found != shape),
            )
        dim = _stack_dim(shape)
        output = (*shape[:dim], Dim(axis, len(inputs)), *shape[dim:])
        return Inference({"output": output}, inferred={"dim": dim})

    def function_call(self, params: CombineParams, inputs: Inputs) -> FunctionCall:
        dim = _stack_dim(next(iter(inputs.values())))
        return FunctionCall("stack", kwargs={"dim": dim}, takes_list=True)


def _stack_dim(shape: Shape) -> int:
    return 1 if axes_of(shape) == "BF" else 2


class MatMulParams(LayerParams):
    """How the second factor is read."""

    transpose_second: bool = param(
        False,
        "Transpose the second",
        "Rows of both are compared: every row of the first with every row of the second.",
        on_card=True,
    )


class MatMul(LayerType[MatMulParams]):
    type_name = "MatMul"
    name_stem = "matmul"
    title = "Matrix product"
    category = "Combine"
    summary = "Multiplies the matrices of each sample."
    docs = (
        "The last axis of the first factor is summed over with the one before last of the second "
        "(or with its last, transposed): what attention is made of."
    )
    aliases = ("matmul", "bmm", "dot product", "attention", "gemm", "product")
    icon = "matrix"
    inputs = (Port("input_1", "First"), Port("input_2", "Second"))
    Params = MatMulParams

    def infer(self, params: MatMulParams, inputs: Inputs) -> Inference | ShapeProblem:
        left, right = inputs["input_1"], inputs["input_2"]
        if len(left) < 3 or len(left) != len(right):
            return _not_matrices(inputs)
        rows, inner = left[-2:]
        other, columns = right[-2:] if not params.transpose_second else right[:-3:-1]
        leading = [one.size == two.size for one, two in zip(left[:-2], right[:-2], strict=True)]
        if inner.size != other.size or not all(leading):
            return ShapeProblem(
                f"The {inner.axis}={inner.size} columns of the first factor must be as many as the "
                f"{'columns' if params.transpose_second else 'rows'} of the second, "
                f"{other.axis}={other.size}, and all axes before equal, but it receives "
                f"{describe_inputs(inputs)}.",
                port="input_2",
                param="transpose_second",
            )
        taken = {dim.axis for dim in left[:-2]}
        row_axis = "T" if rows.axis == "F" and "T" not in taken else rows.axis
        column_axis = "F" if columns.axis in taken | {row_axis} else columns.axis
        if column_axis == row_axis or column_axis in taken:
            return _not_matrices(inputs)
        output = (*left[:-2], Dim(row_axis, rows.size), Dim(column_axis, columns.size))
        flops = elements_per_sample(output) * inner.size * 2
        return Inference({"output": output}, flops=flops)

    def reach(self, params: MatMulParams, inputs: Inputs) -> Reach:
        return EVERYTHING

    def constructor(self, params: MatMulParams, inputs: Inputs) -> Constructor:
        raise NotImplementedError("MatMul is an expression, not a class of torch.nn")

    def source(self, params: MatMulParams, inputs: Inputs) -> str:
        return "nn.Identity()"

    def make_module(self, params: MatMulParams, inputs: Inputs) -> nn.Module:
        from netloom.layers import modules

        return modules.MatMul(params.transpose_second)

    def call_source(self, params: MatMulParams, inputs: Inputs, arguments: Sequence[str]) -> str:
        left, right = arguments
        if params.transpose_second:
            right = f"torch.transpose({right}, -2, -1)"
        return f"torch.matmul({left}, {right})"


def _not_matrices(inputs: Inputs) -> ShapeProblem:
    return ShapeProblem(
        "Matrix product needs two tensors with rows and columns, such as (B, T, F), and the same "
        f"axes before them, but receives {describe_inputs(inputs)}.",
        port="input_1",
    )


class Gate(LayerType[NoParams]):
    type_name = "Gate"
    name_stem = "gate"
    title = "Gate"
    category = "Combine"
    summary = "Lets a second tensor decide how much of the first passes."
    docs = (
        "input · sigmoid(gate). The gate has the shape of the input, or size 1 where one decision "
        "holds for a whole axis."
    )
    aliases = ("attention gate", "multiply", "sigmoid", "highway", "attention u-net")
    icon = "filter"
    inputs = (Port("input", "Input"), Port("gate", "Gate"))
    Params = NoParams

    def infer(self, params: NoParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape, gate = inputs["input"], inputs["gate"]
        if broadcast(shape, gate) != shape:
            return ShapeProblem(
                f"Gate needs a gate like its input {named_shape_text(shape)}, or of size 1, but "
                f"receives {named_shape_text(gate)}.",
                port="gate",
            )
        flops = elements_per_sample(shape) + elements_per_sample(gate) * 3
        return Inference({"output": shape}, flops=flops)

    def kept_inside(self, params: NoParams, inputs: Inputs) -> Size:
        return elements_per_sample(inputs["gate"])

    def constructor(self, params: NoParams, inputs: Inputs) -> Constructor:
        raise NotImplementedError("Gate is an expression, not a class of torch.nn")

    def source(self, params: NoParams, inputs: Inputs) -> str:
        return "nn.Identity()"

    def make_module(self, params: NoParams, inputs: Inputs) -> nn.Module:
        from netloom.layers import modules

        return modules.Gate()

    def call_source(self, params: NoParams, inputs: Inputs, arguments: Sequence[str]) -> str:
        return f"{arguments[0]} * torch.sigmoid({arguments[1]})"


LAYERS = (
    Subtract(),
    Divide(),
    Average(),
    Maximum(),
    Minimum(),
    Stack(),
    MatMul(),
    Gate(),
)
