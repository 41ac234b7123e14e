"""Layers that give the numbers of a sample other axes, without changing or moving any value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import model_validator

from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import IntList, LayerParams, param
from netloom.layers.reach import EVERYTHING, SAME_POSITION, Reach
from netloom.layers.shapes import (
    BATCH,
    Dim,
    Expr,
    Shape,
    Size,
    axes_of,
    elements_per_sample,
    exact_divide,
    named_shape_text,
    product,
)

AxisName = Literal["C", "D", "H", "W", "T", "F"]
_ALIASES = ("reshape", "view", "axes", "dimensions")
_LONGEST_PATTERN = 200


def named_anew(dims: Sequence[Dim]) -> Shape:
    """Return a shape whose axes are called by what other layers take them for.

    Channels that come last are features and features that do not are channels, one axis of
    positions behind channels is time, and an axis that is left alone holds features.
    """
    axes = [dim.axis for dim in dims]
    last = len(dims) - 1
    for index, axis in enumerate(axes):
        wanted = "F" if index == last else "C"
        if axis in ("C", "F") and wanted not in axes:
            axes[index] = wanted
    if len(axes) == 2:
        axes[1] = "F"
    elif len(axes) == 3 and axes[1] == "C" and axes[2] in ("D", "H", "W"):
        axes[2] = "T"
    return tuple(Dim(axis, dim.size) for axis, dim in zip(axes, dims, strict=True))


class FlattenParams(LayerParams):
    """Which axes become one."""

    from_axis: Literal["first", "C", "D", "H", "W", "T", "F"] = param(
        "first", "From", "First axis that is laid out; “first” is the one behind the batch."
    )
    to_axis: Literal["last", "C", "D", "H", "W", "T", "F"] = param(
        "last", "To", "Last axis that is laid out."
    )


class Flatten(LayerType[FlattenParams]):
    type_name = "Flatten"
    name_stem = "flatten"
    title = "Flatten"
    category = "Shape"
    summary = "Lays out all numbers of a sample in one row."
    docs = (
        "Turns (B, C, H, W) into (B, F) with F = C · H · W, as Linear needs it. From H to W it "
        "gives (B, C, T): all positions one after the other."
    )
    aliases = ("reshape", "view", "vectorize", "flattenLayer")
    icon = "baseline-density-small"
    has_own_activation = False
    Params = FlattenParams

    def infer(self, params: FlattenParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        found = self._range(params, shape)
        if found is None:
            return ShapeProblem(
                f"Flatten from {params.from_axis} to {params.to_axis} does not fit "
                f"{named_shape_text(shape)}.",
                port="input",
                param="from_axis",
                suggestions=(
                    SetParams("Flatten everything", {"from_axis": None, "to_axis": None}),
                ),
            )
        first, last = found
        merged = shape[first : last + 1]
        has_channels = any(dim.axis in ("C", "F") for dim in merged)
        axis = "F" if has_channels else "T"
        size = product(dim.size for dim in merged)
        dims = (*shape[:first], Dim(axis, size), *shape[last + 1 :])
        return Inference({"output": named_anew(dims)})

    def reach(self, params: FlattenParams, inputs: Inputs) -> Reach:
        shape = inputs["input"]
        place = self._range(params, shape)
        if place is None:
            return EVERYTHING
        merged = shape[place[0] : place[1] + 1]
        if any(dim.axis in ("C", "F") for dim in merged):
            return Reach({dim.axis: None for dim in merged})
        return Reach(laid_out={dim.axis: "T" for dim in merged})

    @staticmethod
    def _range(params: FlattenParams, shape: Shape) -> tuple[int, int] | None:
        axes = [dim.axis for dim in shape]
        first = 1 if params.from_axis == "first" else _index(axes, params.from_axis)
        last = len(axes) - 1 if params.to_axis == "last" else _index(axes, params.to_axis)
        return (first, last) if 1 <= first <= last else None

    def constructor(self, params: FlattenParams, inputs: Inputs) -> Constructor:
        shape = inputs["input"]
        first, last = self._range(params, shape) or (1, len(shape) - 1)
        kwargs = {} if first == 1 else {"start_dim": first}
        if last < len(shape) - 1:
            kwargs["end_dim"] = last
        return Constructor("nn.Flatten", (), kwargs)


def _index(axes: Sequence[str], axis: str) -> int:
    return axes.index(axis) if axis in axes else -1


_TOKEN = re.compile(r"([CDHWTF])=(\?|[0-9]{1,10})")


def read_axes(text: str) -> list[tuple[str, int | None]]:
    """Read `C=4, H=?, W=8`; None stands for the one size that follows from the others.

    Raises:
        ValueError: It is written otherwise, or says what no tensor can have.
    """
    words = re.sub(r"\s*=\s*", "=", text[:_LONGEST_PATTERN]).replace(",", " ").split()
    matches = [_TOKEN.fullmatch(word) for word in words]
    if not words or len(text) > _LONGEST_PATTERN or not all(matches):
        raise ValueError("write axes with sizes, such as C=4, H=?, W=8")
    found = [(match[1], None if match[2] == "?" else int(match[2])) for match in matches if match]
    axes = [axis for axis, _ in found]
    if len(set(axes)) < len(axes):
        raise ValueError("every axis can be there once")
    if sum(size is None for _, size in found) > 1:
        raise ValueError("only one size can be left open with a question mark")
    if any(size == 0 for _, size in found):
        raise ValueError("every size must be at least 1")
    if axes == ["T"]:
        raise ValueError("a single axis holds features: write F instead of T")
    return found


class ReshapeParams(LayerParams):
    """The axes to end with."""

    shape: str = param(
        "F=?",
        "Shape",
        "Axes and sizes behind the batch, such as C=4, H=?, W=8; the one with a question mark "
        "follows from the others.",
        on_card=True,
    )

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        read_axes(self.shape)
        return self


class Reshape(LayerType[ReshapeParams]):
    type_name = "Reshape"
    name_stem = "reshape"
    title = "Reshape"
    category = "Shape"
    summary = "Gives the numbers of a sample another shape, in the same order."
    docs = (
        "C=8, H=4, W=4 makes images of 128 features, as a generator needs it. The sizes must hold "
        "as many numbers as arrive."
    )
    aliases = (*_ALIASES, "unflatten", "project", "reshapeLayer", "projectAndReshapeLayer")
    icon = "transform"
    has_own_activation = False
    Params = ReshapeParams

    def infer(self, params: ReshapeParams, inputs: Inputs) -> Inference | ShapeProblem:
        sizes = self._sizes(params, inputs["input"])
        if isinstance(sizes, ShapeProblem):
            return sizes
        axes = [axis for axis, _ in read_axes(params.shape)]
        dims = (Dim(axis, size) for axis, size in zip(axes, sizes, strict=True))
        return Inference({"output": (BATCH, *dims)})

    def _sizes(self, params: ReshapeParams, shape: Shape) -> list[Size] | ShapeProblem:
        asked = read_axes(params.shape)
        total = elements_per_sample(shape)
        known = 1
        for _, size in asked:
            known *= size or 1
        is_open = any(size is None for _, size in asked)
        rest = exact_divide(total, known)
        if rest is None or (not is_open and rest != 1):
            return ShapeProblem(
                f"Reshape to {params.shape} does not fit the {total} numbers of "
                f"{named_shape_text(shape)}.",
                port="input",
                param="shape",
                suggestions=(SetParams("Lay all out as features", {"shape": "F=?"}),),
            )
        return [rest if size is None else size for _, size in asked]

    def constructor(self, params: ReshapeParams, inputs: Inputs) -> Constructor:
        sizes = self._sizes(params, inputs["input"])
        given = [] if isinstance(sizes, ShapeProblem) else sizes
        numbers = [-1 if isinstance(size, Expr) else size for size in given]
        return Constructor("Reshape", (numbers,))


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
    aliases = (*_ALIASES, "transpose", "swap axes", "permuteLayer", "channels last")
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
    aliases = (*_ALIASES, "remove axis")
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
    aliases = (*_ALIASES, "add axis", "expand dims")
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


LAYERS = (Flatten(), Reshape(), Permute(), Squeeze(), Unsqueeze())
