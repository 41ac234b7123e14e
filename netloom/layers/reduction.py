"""Layers that make one number of many along chosen axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import model_validator

from netloom.layers.base import Inference, Inputs, SetParams, ShapeProblem
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import Reach
from netloom.layers.reshape import named_anew
from netloom.layers.shapes import Dim, Shape, elements_per_sample, named_shape_text
from netloom.layers.sliding import as_argument

_POSITIONS = "DHWT"


class ReductionParams(LayerParams):
    """Along which axes."""

    axes: str = param(
        "",
        "Axes",
        "Letters of the axes that disappear, such as HW; empty means all positions: D, H, W, T.",
        on_card=True,
    )
    keep_axes: bool = param(False, "Keep axes", "The axes stay, with size 1.", is_advanced=True)

    @model_validator(mode="after")
    def _are_axes(self) -> Self:
        letters = self.axes.replace(",", "").replace(" ", "")
        if len(set(letters)) < len(letters) or not set(letters) <= set("CDHWTF"):
            raise ValueError("axes are letters out of C, D, H, W, T and F, each once")
        return self


class Reduction(FunctionLayer[ReductionParams]):
    """Subclasses say what is made of the numbers.

    Attributes:
        function: Name in torch.
    """

    category = "Shape"
    icon = "sum"
    inferred = {"dim": "Dimensions"}
    docs = "Axes are named by letters; without any, all positions disappear and channels stay."
    Params = ReductionParams
    function: ClassVar[str]

    def infer(self, params: ReductionParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        dims = _dims(params, shape)
        is_all = len(dims) == len(shape) - 1
        if not dims or (is_all and not params.keep_axes):
            positions = "".join(dim.axis for dim in shape if dim.axis in _POSITIONS)
            fix = SetParams(f"Use {positions}", {"axes": positions})
            can_fix = positions and len(positions) < len(shape) - 1
            return ShapeProblem(
                f"{self.title} needs axes of {named_shape_text(shape)} to work along, and one to "
                "be left beside the batch.",
                port="input",
                param="axes",
                suggestions=(fix,) if can_fix else (),
            )
        if params.keep_axes:
            kept = [Dim(dim.axis, 1) if at in dims else dim for at, dim in enumerate(shape)]
            output = tuple(kept)
        else:
            output = named_anew([dim for at, dim in enumerate(shape) if at not in dims])
        return Inference(
            {"output": output},
            inferred={"dim": [*dims]},
            flops=elements_per_sample(shape),
        )

    def reach(self, params: ReductionParams, inputs: Inputs) -> Reach:
        shape = inputs["input"]
        return Reach({shape[at].axis: None for at in _dims(params, shape)})

    def function_call(self, params: ReductionParams, inputs: Inputs) -> FunctionCall:
        dims = tuple(_dims(params, inputs["input"]))
        keep = {"keepdim": True} if params.keep_axes else {}
        return FunctionCall(self.function, kwargs={"dim": as_argument(dims), **keep})


def _dims(params: ReductionParams, shape: Shape) -> Sequence[int]:
    """Return the numbers of the axes that disappear; none where one is not there."""
    letters = set(params.axes) & set("CDHWTF")
    wanted = letters or {dim.axis for dim in shape if dim.axis in _POSITIONS}
    found = [index for index, dim in enumerate(shape) if dim.axis in wanted]
    return found if len(found) == len(wanted) else []


class Mean(Reduction):
    type_name = "Mean"
    name_stem = "mean"
    title = "Mean"
    summary = "Takes the mean along axes, such as over all steps of a sequence."
    aliases = ("average", "reduce", "pool", "ReduceMean")
    function = "mean"


class Sum(Reduction):
    type_name = "Sum"
    name_stem = "sum"
    title = "Sum"
    summary = "Adds up along axes."
    aliases = ("total", "reduce", "ReduceSum")
    function = "sum"


class Max(Reduction):
    type_name = "Max"
    name_stem = "max"
    title = "Max"
    summary = "Keeps the largest number along axes."
    aliases = ("maximum", "reduce", "pool", "ReduceMax")
    function = "amax"


class Min(Reduction):
    type_name = "Min"
    name_stem = "min"
    title = "Min"
    summary = "Keeps the smallest number along axes."
    aliases = ("minimum", "reduce", "ReduceMin")
    function = "amin"


LAYERS = (Mean(), Sum(), Max(), Min())
