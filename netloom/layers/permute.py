"""Layers that bring axes into another order, drop those of size 1 and add some."""

from __future__ import annotations

from netloom.layers.base import (
    Inference,
    Inputs,
    SetParams,
    ShapeProblem,
)
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import IntList, LayerParams, param
from netloom.layers.reach import SAME_POSITION, Reach
from netloom.layers.reshape import RESHAPE_ALIASES, AxisName, named_anew
from netloom.layers.shapes import (
    Dim,
    axes_of,
    named_shape_text,
)


class PermuteParams(LayerParams):
    """The new order of axes."""

    order: IntList = param(
        (0, 2, 1),
        "Order",
        "Numbers of the axes in their new order; the batch, 0, stays first.",
        on_card=True,
    )


class Permute(FunctionLayer[PermuteParams]):
    type_name = "Permute"
    name_stem = "permute"
    title = "Permute"
    category = "Shape"
    summary = "Changes the order of axes, such as from a sequence to a signal."
    docs = (
        "0, 2, 1 turns (B, T, F) into (B, C, T) and back. Channels that end up last are called "
        "features, so that Linear and LayerNorm take them."
    )
    aliases = (*RESHAPE_ALIASES, "transpose", "swap axes", "permuteLayer", "channels last")
    icon = "arrows-shuffle"
    has_own_activation = False
    Params = PermuteParams

    def infer(self, params: PermuteParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if sorted(params.order) != list(range(len(shape))) or params.order[0] != 0:
            fitting = [0, *range(2, len(shape)), 1]
            words = ", ".join(map(str, fitting))
            return ShapeProblem(
                f"The order must name each axis of {named_shape_text(shape)} once, as numbers "
                f"from 0, with the batch first.",
                port="input",
                param="order",
                suggestions=(SetParams(f"Use order {words}", {"order": [*fitting]}),),
            )
        return Inference({"output": named_anew([shape[index] for index in params.order])})

    def reach(self, params: PermuteParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def function_call(self, params: PermuteParams, inputs: Inputs) -> FunctionCall:
        return FunctionCall("permute", (params.order,))


class SqueezeParams(LayerParams):
    """The axis to take away."""

    axis: AxisName = param("T", "Axis", "An axis of size 1.", on_card=True)


class Squeeze(FunctionLayer[SqueezeParams]):
    type_name = "Squeeze"
    name_stem = "squeeze"
    title = "Squeeze"
    category = "Shape"
    summary = "Takes away an axis of size 1."
    docs = "What is left is named anew: one axis of positions behind channels becomes time."
    aliases = (*RESHAPE_ALIASES, "remove axis")
    icon = "fold"
    has_own_activation = False
    Params = SqueezeParams

    def infer(self, params: SqueezeParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        ones = [dim.axis for dim in shape if dim.size == 1]
        if params.axis not in ones or len(shape) < 3:
            return ShapeProblem(
                f"Squeeze needs {params.axis} of size 1, and another axis to be left, but receives "
                f"{named_shape_text(shape)}.",
                port="input",
                param="axis",
                suggestions=tuple(
                    SetParams(f"Take {axis} away", {"axis": axis})
                    for axis in ones
                    if len(shape) > 2 and len(axis) == 1
                ),
            )
        dims = [dim for dim in shape if dim.axis != params.axis]
        return Inference({"output": named_anew(dims)})

    def reach(self, params: SqueezeParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def function_call(self, params: SqueezeParams, inputs: Inputs) -> FunctionCall:
        dim = axes_of(inputs["input"]).index(params.axis)
        return FunctionCall("squeeze", kwargs={"dim": dim})


class UnsqueezeParams(LayerParams):
    """The axis to add, and where."""

    axis: AxisName = param("T", "Axis", "What the new axis of size 1 is called.", on_card=True)
    position: int = param(
        1, "Position", "Axes before it, the batch included.", minimum=1, maximum=6, on_card=True
    )


class Unsqueeze(FunctionLayer[UnsqueezeParams]):
    type_name = "Unsqueeze"
    name_stem = "unsqueeze"
    title = "Unsqueeze"
    category = "Shape"
    summary = "Adds an axis of size 1."
    docs = "(B, F) becomes (B, T = 1, F), a sequence of one step, with T at position 1."
    aliases = (*RESHAPE_ALIASES, "add axis", "expand dims")
    icon = "arrows-horizontal"
    has_own_activation = False
    Params = UnsqueezeParams

    def infer(self, params: UnsqueezeParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if params.axis in axes_of(shape) or params.position > len(shape):
            return ShapeProblem(
                f"Unsqueeze cannot add {params.axis} at position {params.position} to "
                f"{named_shape_text(shape)}: the axis must be a new one, at most behind the last.",
                port="input",
                param="axis" if params.axis in axes_of(shape) else "position",
            )
        at = params.position
        return Inference({"output": (*shape[:at], Dim(params.axis, 1), *shape[at:])})

    def reach(self, params: UnsqueezeParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def function_call(self, params: UnsqueezeParams, inputs: Inputs) -> FunctionCall:
        return FunctionCall("unsqueeze", kwargs={"dim": params.position})


LAYERS = (
    Permute(),
    Squeeze(),
    Unsqueeze(),
)
