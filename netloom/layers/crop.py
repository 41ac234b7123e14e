"""Layers that take a part of a tensor, and those that put a border around it."""

from __future__ import annotations

from netloom.layers.base import (
    INPUT,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import (
    LayerParams,
    OptionalInt,
    PositiveInt,
    param,
)
from netloom.layers.reach import Reach, Slide
from netloom.layers.reshape import AxisName
from netloom.layers.shapes import (
    Dim,
    Size,
    axes_of,
    floor_divide,
    image_shape,
    named_shape_text,
    size_of,
)


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


class CropParams(LayerParams):
    """The size to end with."""

    to_input: bool = param(
        False, "To another input", "Takes the size of the tensor at a second port.", on_card=True
    )
    height: PositiveInt = param(16, "Height", "Rows that are left.", unit="px", on_card=True)
    width: PositiveInt = param(16, "Width", "Columns that are left.", unit="px", on_card=True)


class Crop2d(LayerType[CropParams]):
    type_name = "Crop2d"
    name_stem = "crop"
    title = "Crop2d"
    category = "Shape"
    summary = "Takes the middle of an image, of a given size or that of another input."
    docs = "A U-Net without padding crops its skips to the size of the path they join."
    aliases = ("center crop", "cut", "crop2dLayer", "Cropping2D", "u-net", "unet")
    icon = "crop"
    inputs = (INPUT, Port("like", "Size like", param="to_input"))
    Params = CropParams

    def infer(self, params: CropParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        for port, given in inputs.items():
            if problem := expect_image(self.title, given):
                return ShapeProblem(problem.message, port=port, suggestions=problem.suggestions)
        height, width = self._size(params, inputs)
        have = (fixed_size(shape, "H"), fixed_size(shape, "W"))
        if height > have[0] or width > have[1]:
            fitting = {"height": min(height, have[0]), "width": min(width, have[1])}
            label = f"Use {fitting['height']} × {fitting['width']}"
            return ShapeProblem(
                f"Crop2d to H {height} × W {width} needs at least that much but receives "
                f"{named_shape_text(shape)}.",
                port="input",
                param=None if params.to_input else "height",
                suggestions=() if params.to_input else (SetParams(label, fitting),),
            )
        return Inference({"output": image_shape(fixed_size(shape, "C"), height, width)})

    @staticmethod
    def _size(params: CropParams, inputs: Inputs) -> tuple[int, int]:
        if params.to_input:
            return fixed_size(inputs["like"], "H"), fixed_size(inputs["like"], "W")
        return params.height, params.width

    def reach(self, params: CropParams, inputs: Inputs) -> Reach:
        shape = inputs["input"]
        cut = [
            (fixed_size(shape, axis) - size) // 2
            for axis, size in zip("HW", self._size(params, inputs), strict=True)
        ]
        return Reach({axis: Slide(padding=-first) for axis, first in zip("HW", cut, strict=True)})

    def constructor(self, params: CropParams, inputs: Inputs) -> Constructor:
        if params.to_input:
            return Constructor("CropLike")
        return Constructor("CenterCrop", (params.height, params.width))


LAYERS = (Slice(), Crop2d())
