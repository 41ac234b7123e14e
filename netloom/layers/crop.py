"""Layers that take a part of a tensor, and those that put a border around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from netloom.layers.base import (
    INPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.params import (
    LayerParams,
    OptionalInt,
    PositiveInt,
    param,
)
from netloom.layers.reach import Reach, Slide
from netloom.layers.reshape import AxisName
from netloom.layers.shapes import Dim, axes_of, named_shape_text, size_of
from netloom.layers.sizes import Size, floor_divide


class SliceParams(LayerParams):
    """What is taken, as in Python."""

    axis: AxisName = param("C", "Axis", "The axis that is cut.", on_card=True)
    start: int = param(
        0,
        "Start",
        "First position, from 0; negative ones count from the end.",
        minimum=-1_000_000_000,
        maximum=1_000_000_000,
        on_card=True,
    )
    stop: OptionalInt = param(
        None, "Stop", "First position that is left out; empty takes all to the end.", on_card=True
    )
    step: PositiveInt = param(1, "Step", "2 takes every second position.", is_advanced=True)


class Slice(LayerType[SliceParams]):
    type_name = "Slice"
    name_stem = "slice"
    title = "Slice"
    category = "Shape"
    summary = "Takes a range of one axis, such as the first channels or the last step."
    docs = "Counts as Python does: start −1 without a stop takes the last position."
    aliases = ("index", "crop", "narrow", "select", "split", "last step")
    icon = "slice"
    Params = SliceParams

    def infer(self, params: SliceParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        dim = axes_of(shape).find(params.axis)
        if dim < 0:
            axes = [each.axis for each in shape[1:]]
            return ShapeProblem(
                f"Slice cuts {params.axis} but receives {named_shape_text(shape)}.",
                port="input",
                param="axis",
                suggestions=tuple(SetParams(f"Cut {axis}", {"axis": axis}) for axis in axes),
            )
        size = _length(params, shape[dim].size)
        if size is None or (isinstance(size, int) and size < 1):
            return ShapeProblem(
                f"Nothing certain is left of {params.axis}={shape[dim].size} between "
                f"{params.start} and {'the end' if params.stop is None else params.stop}.",
                port="input",
                param="start",
                suggestions=(SetParams("Take everything", {"start": None, "stop": None}),),
            )
        return Inference({"output": (*shape[:dim], Dim(params.axis, size), *shape[dim + 1 :])})

    def reach(self, params: SliceParams, inputs: Inputs) -> Reach:
        size = size_of(inputs["input"], params.axis)
        if isinstance(size, int):
            first = slice(params.start, params.stop, params.step).indices(size)[0]
        elif params.start >= 0:
            first = params.start
        else:
            return Reach({params.axis: None})
        return Reach({params.axis: Slide(1, params.step, -first)})

    def constructor(self, params: SliceParams, inputs: Inputs) -> Constructor:
        dim = axes_of(inputs["input"]).index(params.axis)
        kwargs = {"start": params.start, "stop": params.stop, "step": params.step}
        defaults = {"start": 0, "stop": None, "step": 1}
        given = {name: value for name, value in kwargs.items() if value != defaults[name]}
        return Constructor("Slice", (dim,), given)


def _length(params: SliceParams, size: Size) -> Size | None:
    """Return how many positions are taken; None when that depends on more than the length."""
    start, stop, step = params.start, params.stop, params.step
    if isinstance(size, int):
        return len(range(*slice(start, stop, step).indices(size)))
    if start >= 0 and (stop is None or stop < 0):
        return floor_divide(size + ((stop or 0) - start + step - 1), step)
    same_side = stop is None or (stop < 0) == (start < 0)
    if not same_side:
        return None
    # All sequences are taken to be long enough, as for every window.
    return max(0, -(-((stop or 0) - start) // step))


def _to_input() -> Any:
    text = "Takes the size of the tensor at a second port."
    return param(False, "To another input", text, on_card=True)


def _left(title: str, what: str) -> Any:
    return param(16, title, f"{what} that are left.", unit="px", on_card=True)


class Crop2dParams(LayerParams):
    """The size to end with."""

    to_input: bool = _to_input()
    height: PositiveInt = _left("Height", "Rows")
    width: PositiveInt = _left("Width", "Columns")


class Crop3dParams(LayerParams):
    """The size to end with."""

    to_input: bool = _to_input()
    depth: PositiveInt = _left("Depth", "Slices")
    height: PositiveInt = _left("Height", "Rows")
    width: PositiveInt = _left("Width", "Columns")


P = TypeVar("P", Crop2dParams, Crop3dParams)


class Crop(LayerType[P], Generic[P]):
    """Takes the middle along some axes.

    Attributes:
        sizes: The parameter that holds the size of each axis, in the order of axes.
    """

    name_stem = "crop"
    category = "Shape"
    icon = "crop"
    inputs = (INPUT, Port("like", "Size like", param="to_input"))
    sizes: ClassVar[Mapping[str, str]]

    def infer(self, params: P, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        for port, given in inputs.items():
            if problem := expect_axes(self.title, given, ("BC" + "".join(self.sizes),)):
                return ShapeProblem(problem.message, port=port, suggestions=problem.suggestions)
        wanted = self._wanted(params, inputs)
        fitting = {axis: min(size, fixed_size(shape, axis)) for axis, size in wanted.items()}
        if fitting != wanted:
            needs = " × ".join(f"{axis} {size}" for axis, size in wanted.items())
            label = "Use " + " × ".join(str(size) for size in fitting.values())
            change = {self.sizes[axis]: size for axis, size in fitting.items()}
            return ShapeProblem(
                f"{self.title} to {needs} needs at least that much but receives "
                f"{named_shape_text(shape)}.",
                port="input",
                param=None if params.to_input else self._first_too_large(wanted, fitting),
                suggestions=() if params.to_input else (SetParams(label, change),),
            )
        left = (Dim(dim.axis, wanted.get(dim.axis, dim.size)) for dim in shape)
        return Inference({"output": tuple(left)})

    def _first_too_large(self, wanted: Mapping[str, int], fitting: Mapping[str, int]) -> str:
        return next(self.sizes[axis] for axis in wanted if wanted[axis] != fitting[axis])

    def _wanted(self, params: P, inputs: Inputs) -> dict[str, int]:
        if params.to_input:
            return {axis: fixed_size(inputs["like"], axis) for axis in self.sizes}
        return {axis: getattr(params, name) for axis, name in self.sizes.items()}

    def reach(self, params: P, inputs: Inputs) -> Reach:
        cut = {
            axis: (fixed_size(inputs["input"], axis) - size) // 2
            for axis, size in self._wanted(params, inputs).items()
        }
        return Reach({axis: Slide(padding=-first) for axis, first in cut.items()})

    def constructor(self, params: P, inputs: Inputs) -> Constructor:
        if params.to_input:
            return Constructor("CropLike")
        wanted = self._wanted(params, inputs)
        depth: dict[str, Argument] = {"depth": wanted["D"]} if "D" in wanted else {}
        return Constructor("CenterCrop", (wanted["H"], wanted["W"]), depth)


class Crop2d(Crop[Crop2dParams]):
    type_name = "Crop2d"
    title = "Crop2d"
    summary = "Takes the middle of an image, of a given size or that of another input."
    docs = "A U-Net without padding crops its skips to the size of the path they join."
    aliases = ("center crop", "cut", "crop2dLayer", "Cropping2D", "u-net", "unet")
    Params = Crop2dParams
    sizes = {"H": "height", "W": "width"}


class Crop3d(Crop[Crop3dParams]):
    type_name = "Crop3d"
    title = "Crop3d"
    summary = "Takes the middle of a volume, of a given size or that of another input."
    docs = "A 3-D U-Net without padding crops its skips to the size of the path they join."
    aliases = ("center crop", "cut", "crop3dLayer", "Cropping3D", "u-net", "unet", "volume")
    Params = Crop3dParams
    sizes = {"D": "depth", "H": "height", "W": "width"}


LAYERS = (Slice(), Crop2d(), Crop3d())
