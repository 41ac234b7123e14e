"""The Operator layer: any of the named operations, with its arguments as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self, cast

from pydantic import model_validator

from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Operation,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.combine import describe_inputs
from netloom.layers.operators import OPERATORS, Given, Misfit, OperatorType, read_arguments
from netloom.layers.operators.declare import CallArgument, NoArguments, TensorCall
from netloom.layers.operators.naming import kind_of
from netloom.layers.operators.ports import port_names
from netloom.layers.operators.products import EinsumArguments, einsum_work
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import EVERYTHING, Reach
from netloom.layers.shapes import elements_per_sample

if TYPE_CHECKING:
    from torch import nn

    OperatorName = str
else:
    OperatorName = Literal[tuple(OPERATORS)]


class OperatorParams(LayerParams):
    """Which operation, and with what."""

    op: OperatorName = param("abs", "Operation", "What is computed.", on_card=True)
    arguments: str = param(
        "{}",
        "Arguments",
        'Of the operation, as a JSON object such as {"dim": 1}.',
        on_card=True,
    )

    @model_validator(mode="after")
    def _has_its_arguments(self) -> Self:
        read_arguments(self.op, self.arguments)
        return self

    @property
    def operator(self) -> OperatorType:
        """The declaration of the operation."""
        return OPERATORS[self.op]

    @property
    def read(self) -> NoArguments:
        """The arguments, checked."""
        return read_arguments(self.op, self.arguments)


class Operator(LayerType[OperatorParams]):
    type_name = "Operator"
    name_stem = "operator"
    title = "Operator"
    category = "Operators"
    summary = "Computes one named operation, such as a power, a comparison or a cut."
    docs = (
        "For what networks of others contain and no layer says. Axes are numbered from 0, the "
        "batch, as in PyTorch. Where a layer does the same, the layer is the better choice: it "
        f"reads better and is checked more closely. Operations: {', '.join(OPERATORS)}."
    )
    aliases = ("operation", "function", "math", "arithmetic", *OPERATORS)
    icon = "math-function"
    operators = {
        name: Operation(operator.summary, operator.arguments, operator.inputs, operator.outputs)
        for name, operator in OPERATORS.items()
    }
    Params = OperatorParams

    def input_ports(self, params: OperatorParams) -> Sequence[Port]:
        return params.operator.input_ports(params.read)

    def output_ports(self, params: OperatorParams) -> Sequence[Port]:
        return params.operator.output_ports(params.read)

    def infer(self, params: OperatorParams, inputs: Inputs) -> Inference | ShapeProblem:
        operator, shapes = params.operator, list(inputs.values())
        if problem := _kind_problem(operator, inputs):
            return problem
        try:
            outputs = operator.shapes(params.read, shapes)
        except Misfit as misfit:
            return ShapeProblem(
                f"{params.op} cannot work on {describe_inputs(inputs)}: {misfit}.",
                port=next(iter(inputs), None),
                param=_at_fault(params, misfit),
            )
        names = port_names(operator.outputs, params.read)
        work = sum((elements_per_sample(shape) for shape in outputs), 0)
        if params.op == "matmul":
            work = elements_per_sample(outputs[0]) * 2 * shapes[0][-1].size
        elif isinstance(params.read, EinsumArguments):
            work = einsum_work(params.read, shapes)
        elif params.op == "scaled_dot_product_attention":
            work = elements_per_sample(shapes[0]) * 4 * shapes[1][-2].size
        return Inference(
            dict(zip(names, outputs, strict=True)),
            flops=work,
            macs=work if params.op == "matmul" else 0,
        )

    def reach(self, params: OperatorParams, inputs: Inputs) -> Reach:
        return EVERYTHING

    def constructor(self, params: OperatorParams, inputs: Inputs) -> Constructor:
        make = params.operator.constructor
        if make is None:
            raise NotImplementedError(f"{params.op} is an expression, not a class")
        return make(params.read, list(inputs.values()))

    def make_module(self, params: OperatorParams, inputs: Inputs) -> nn.Module:
        if params.operator.call is None:
            return super().make_module(params, inputs)
        from netloom.layers.operators.module import OperatorCall

        return OperatorCall(params.operator.call(params.read, list(inputs.values())))

    def source(self, params: OperatorParams, inputs: Inputs) -> str:
        return "nn.Identity()" if params.operator.call else super().source(params, inputs)

    def call_source(
        self, params: OperatorParams, inputs: Inputs, arguments: Sequence[str]
    ) -> str | None:
        make = cast(
            "Callable[[NoArguments, Sequence[object]], TensorCall] | None", params.operator.call
        )
        return None if make is None else call_text(make(params.read, [*inputs.values()]), arguments)


def call_text(call: TensorCall, tensors: Sequence[str]) -> str:
    """Return a call as source.

    Args:
        tensors: What the tensors are called.
    """
    words = [_word(value, tensors) for value in call.args]
    words += [f"{name}={_word(value, tensors)}" for name, value in call.kwargs.items()]
    prefix = "" if call.function.startswith("nn.") else "torch."
    return f"{prefix}{call.function}({', '.join(words)})"


def _word(value: CallArgument, tensors: Sequence[str]) -> str:
    if isinstance(value, Given):
        return tensors[value.index]
    if isinstance(value, tuple) and any(isinstance(item, Given) for item in value):
        return f"[{', '.join(_word(cast('Given', item), tensors) for item in value)}]"
    return repr(value)


def _at_fault(params: OperatorParams, misfit: Misfit) -> str:
    """Return the argument that a problem is about: the only one, or the one with the value."""
    names = list(type(params.read).model_fields)
    for name in names:
        held = cast("object", getattr(params.read, name))
        values = cast("tuple[object, ...]", held) if isinstance(held, tuple) else (held,)
        is_held = misfit.value is not None and misfit.value in values
        if len(names) == 1 or is_held:
            return f"arguments.{name}"
    return "arguments"


_NEEDED = {"integers": "integer", "booleans": "boolean"}
_WORDS: Mapping[str, str] = {"integer": "whole numbers", "boolean": "yes and no"}


def _kind_problem(operator: OperatorType, inputs: Inputs) -> ShapeProblem | None:
    for index, (port, shape) in enumerate(inputs.items()):
        needed = _NEEDED.get(operator.taken(index))
        if needed is not None and len(shape) > 1 and kind_of(shape) != needed:
            return ShapeProblem(
                f"{operator.name} takes {_WORDS[needed]} here. Put a cast before it.",
                port=port,
                suggestions=(SetParams("Use a cast instead", {"op": "cast", "arguments": "{}"}),)
                if len(inputs) == 1
                else (),
            )
    return None


LAYERS = (Operator(),)
