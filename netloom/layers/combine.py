"""Layers that take several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from netloom.graph.document import ParamValue
from netloom.layers.activation import class_axis
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    InsertBefore,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.expect import IMAGE_AXES, expect_fixed, fixed_size
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import Reach
from netloom.layers.shapes import Dim, Shape, axes_of, elements_per_sample, named_shape_text
from netloom.layers.sizes import Size

if TYPE_CHECKING:
    from torch import nn

MAX_INPUTS = 64


class CombineParams(LayerParams):
    """How many tensors come together."""

    num_inputs: int = param(2, "Inputs", "Number of input ports.", minimum=2, maximum=MAX_INPUTS)


P = TypeVar("P", bound=CombineParams)


class Combine(LayerType[P], Generic[P]):
    """Ports `input_1` to `input_n`, in this order."""

    category = "Combine"
    variadic_param = "num_inputs"

    def input_ports(self, params: P) -> tuple[Port, ...]:
        return tuple(
            Port(f"input_{index}", f"Input {index}") for index in range(1, params.num_inputs + 1)
        )


def describe_inputs(inputs: Inputs) -> str:
    """Return what arrives at each port, for an error."""
    return ", ".join(f"{named_shape_text(shape)} at {port}" for port, shape in inputs.items())


class ElementWise(Combine[CombineParams]):
    """Number by number; a dimension of size 1 is repeated to fit the others."""

    operator: str = ""
    keeps_for_backward = "nothing"

    def infer(self, params: CombineParams, inputs: Inputs) -> Inference | ShapeProblem:
        ports = list(inputs)
        output = inputs[ports[0]]
        for port in ports[1:]:
            combined = broadcast(output, inputs[port])
            if combined is None:
                suggestion = _match_shapes(ports[0], output, port, inputs[port])
                return ShapeProblem(
                    f"{self.title} needs inputs of the same shape but receives "
                    f"{describe_inputs(inputs)}.",
                    port=port if suggestion is None else suggestion.port,
                    suggestions=() if suggestion is None else (suggestion,),
                )
            output = combined
        flops = elements_per_sample(output) * (len(ports) - 1)
        return Inference({"output": output}, flops=flops)

    def constructor(self, params: CombineParams, inputs: Inputs) -> Constructor:
        raise NotImplementedError(f"{self.type_name} is an expression, not a class of torch.nn")

    def call_source(self, params: CombineParams, inputs: Inputs, arguments: Sequence[str]) -> str:
        return f" {self.operator} ".join(arguments)

    def source(self, params: CombineParams, inputs: Inputs) -> str:
        return "nn.Identity()"

    def make_module(self, params: CombineParams, inputs: Inputs) -> nn.Module:
        from netloom.layers import modules

        return getattr(modules, self.type_name)()


def broadcast(left: Shape, right: Shape) -> Shape | None:
    """Return the shape of two tensors together, number by number; None where they do not fit."""
    if axes_of(left) != axes_of(right):
        return None
    dims: list[Dim] = []
    for one, other in zip(left, right, strict=True):
        if one.size == other.size or other.size == 1:
            dims.append(one)
        elif one.size == 1:
            dims.append(other)
        else:
            return None
    return tuple(dims)


def _match_shapes(
    left_port: str, left: Shape, right_port: str, right: Shape
) -> InsertBefore | None:
    """Suggest the layer that brings one path to the shape of the other.

    It goes on the path with the larger image or, at equal size, fewer channels: in a residual
    block that is the shortcut.
    """
    if axes_of(left) != axes_of(right):
        return None
    if axes_of(left) == "BF":
        features = left[-1].size
        return _linear_to(features, right_port) if isinstance(features, int) else None
    if axes_of(left) != IMAGE_AXES or expect_fixed("", left) or expect_fixed("", right):
        return None
    one = tuple(fixed_size(left, axis) for axis in "HWC")
    other = tuple(fixed_size(right, axis) for axis in "HWC")
    if (one[0], one[1], -one[2]) > (other[0], other[1], -other[2]):
        return _projection(one, other, left_port)
    return _projection(other, one, right_port)


def _linear_to(features: int, port: str) -> InsertBefore:
    label = f"Insert Linear with {features} features"
    return InsertBefore(label, "Linear", port, {"out_features": features})


def _projection(source: tuple[int, ...], goal: tuple[int, ...], port: str) -> InsertBefore | None:
    """Suggest a convolution of kernel 1 that gives the goal's channels and size by its stride."""
    stride = [-(-source[0] // goal[0]), -(-source[1] // goal[1])]
    if [-(-source[0] // stride[0]), -(-source[1] // stride[1])] != [goal[0], goal[1]]:
        return None
    params: dict[str, ParamValue] = {"out_channels": goal[2], "kernel_size": 1}
    if stride != [1, 1]:
        params["stride"] = [*stride]
    words = "" if stride == [1, 1] else f" and stride {stride[0]} × {stride[1]}"
    label = f"Insert Conv2d 1 × 1 with {goal[2]} filters{words}"
    return InsertBefore(label, "Conv2d", port, params)


class Add(ElementWise):
    type_name = "Add"
    name_stem = "add"
    title = "Add"
    summary = "Adds tensors number by number, as in a residual connection."
    docs = (
        "All inputs need the same shape; a dimension of size 1 is repeated. Adding the input of "
        "a few layers to their result is what makes a ResNet (He et al., 2015)."
    )
    aliases = ("sum", "plus", "residual", "skip", "shortcut")
    icon = "plus"
    operator = "+"
    Params = CombineParams


class Multiply(ElementWise):
    type_name = "Multiply"
    name_stem = "multiply"
    title = "Multiply"
    summary = "Multiplies tensors number by number, as in a gate."
    docs = (
        "All inputs need the same shape; a dimension of size 1 is repeated, so that one factor "
        "per channel (B, C, 1, 1) scales a whole image."
    )
    aliases = ("product", "times", "gate", "attention", "squeeze excite")
    icon = "x"
    operator = "*"
    keeps_for_backward = "input"
    Params = CombineParams


class ConcatenateParams(CombineParams):
    """Where the tensors meet."""

    axis: Literal["auto", "C", "D", "H", "W", "T", "F"] = param(
        "auto",
        "Axis",
        "Dimension along which the inputs follow each other; auto means channels, or features.",
        on_card=True,
    )


class Concatenate(Combine[ConcatenateParams]):
    keeps_for_backward = "nothing"
    type_name = "Concatenate"
    name_stem = "concat"
    title = "Concatenate"
    summary = "Puts tensors one behind the other, usually along channels."
    docs = "All dimensions but the chosen one must be equal. DenseNet and U-Net are made of it."
    aliases = ("cat", "join", "stack", "merge", "skip")
    icon = "columns"
    inferred = {"dim": "Dimension"}
    Params = ConcatenateParams

    def infer(self, params: ConcatenateParams, inputs: Inputs) -> Inference | ShapeProblem:
        shapes = list(inputs.items())
        first = shapes[0][1]
        dim = _concatenation_dim(params, first)
        if dim is None:
            return ShapeProblem(
                f"Concatenate along {params.axis} needs inputs with that dimension but receives "
                f"{describe_inputs(inputs)}.",
                port=shapes[0][0],
                param="axis",
            )
        total: Size = first[dim].size
        for port, shape in shapes[1:]:
            if axes_of(shape) != axes_of(first) or any(
                one != other
                for index, (one, other) in enumerate(zip(first, shape, strict=True))
                if index != dim
            ):
                return ShapeProblem(
                    f"Concatenate along {first[dim].axis} needs all other dimensions equal but "
                    f"receives {describe_inputs(inputs)}.",
                    port=port,
                )
            total = total + shape[dim].size
        output = (*first[:dim], Dim(first[dim].axis, total), *first[dim + 1 :])
        return Inference({"output": output}, inferred={"dim": dim})

    def reach(self, params: ConcatenateParams, inputs: Inputs) -> Reach:
        axis = next(iter(inputs.values()))[_known_dim(params, inputs)].axis
        return Reach({axis: None})

    def constructor(self, params: ConcatenateParams, inputs: Inputs) -> Constructor:
        raise NotImplementedError("Concatenate is an expression, not a class of torch.nn")

    def make_module(self, params: ConcatenateParams, inputs: Inputs) -> nn.Module:
        from netloom.layers import modules

        return modules.Concatenate(_known_dim(params, inputs))

    def call_source(
        self, params: ConcatenateParams, inputs: Inputs, arguments: Sequence[str]
    ) -> str:
        return f"torch.cat([{', '.join(arguments)}], dim={_known_dim(params, inputs)})"

    def source(self, params: ConcatenateParams, inputs: Inputs) -> str:
        return "nn.Identity()"


def _concatenation_dim(params: ConcatenateParams, shape: Shape) -> int | None:
    if params.axis == "auto":
        return class_axis(shape)
    position = axes_of(shape).find(params.axis)
    return position if position >= 0 else None


def _known_dim(params: ConcatenateParams, inputs: Inputs) -> int:
    dim = _concatenation_dim(params, next(iter(inputs.values())))
    if dim is None:
        raise ValueError(f"no dimension {params.axis} to concatenate along")
    return dim


LAYERS = (Add(), Multiply(), Concatenate())
