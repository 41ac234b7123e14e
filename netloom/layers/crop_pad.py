"""Layers that take a part of a tensor, and those that put a border around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

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
from netloom.layers.expect import expect_axes, expect_image, fixed_size
from netloom.layers.params import (
    MAX_KERNEL,
    FormKind,
    LayerParams,
    OptionalInt,
    PositiveInt,
    as_ints,
    param,
)
from netloom.layers.reach import Reach, Slide, whole
from netloom.layers.reshape import AxisName
from netloom.layers.shapes import (
    Dim,
    Shape,
    Size,
    axes_of,
    floor_divide,
    image_shape,
    named_shape_text,
    size_of,
)
from netloom.layers.sliding import DIRECTIONS, sizes_of, slid


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


Borders = Annotated[
    Annotated[
        tuple[Annotated[int, Field(ge=0, le=MAX_KERNEL)], ...], Field(min_length=1, max_length=6)
    ],
    BeforeValidator(as_ints),
    FormKind("int_list", 0, MAX_KERNEL),
]


class PadParams(LayerParams):
    """How much is added where, and what."""

    padding: Borders = param(
        (1,),
        "Padding",
        "One number for all sides, or left, right, top, bottom (front, back).",
        on_card=True,
    )
    mode: Literal["constant", "reflect", "replicate", "circular"] = param(
        "constant", "Mode", "What the border is filled with.", on_card=True
    )
    value: float = param(
        0.0,
        "Value",
        "What a constant border holds.",
        minimum=-1_000_000_000,
        maximum=1_000_000_000,
        is_advanced=True,
    )


_PAD_CLASSES = {
    "constant": "ConstantPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}


class Pad(LayerType[PadParams]):
    type_name = "Pad"
    name_stem = "pad"
    title = "Pad"
    category = "Shape"
    summary = "Puts a border around a signal, an image or a volume."
    docs = (
        "The border holds one value, the mirrored inside (reflect), the outermost numbers "
        "(replicate) or those of the other side (circular)."
    )
    aliases = ("padding", "border", "zero padding", "ZeroPadding2D", "ReflectionPad2d", "margin")
    icon = "border-outer"
    Params = PadParams

    def infer(self, params: PadParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        orders = tuple(f"BC{axes}" for axes in DIRECTIONS.values())
        if problem := expect_axes(self.title, shape, orders):
            return problem
        count = len(shape) - 2
        borders = _borders(params.padding, count)
        if borders is None:
            return ShapeProblem(
                f"{named_shape_text(shape)} has {2 * count} sides: give one number for all, or "
                f"{2 * count}, not {len(params.padding)}.",
                port="input",
                param="padding",
                suggestions=(
                    SetParams(
                        f"Use {params.padding[0]} everywhere", {"padding": params.padding[0]}
                    ),
                ),
            )
        sizes = sizes_of(shape, count)
        problem = _too_far(params, shape, sizes, borders)
        padded = [
            size + before + after for size, (before, after) in zip(sizes, borders, strict=True)
        ]
        return problem or Inference({"output": slid(fixed_size(shape, "C"), padded)})

    def reach(self, params: PadParams, inputs: Inputs) -> Reach:
        count = len(inputs["input"]) - 2
        borders = _borders(params.padding, count) or [(0, 0)] * count
        if params.mode == "circular":
            return whole(DIRECTIONS[count])
        axes = DIRECTIONS[count]
        return Reach(
            {axis: Slide(padding=first) for axis, (first, _) in zip(axes, borders, strict=True)}
        )

    def constructor(self, params: PadParams, inputs: Inputs) -> Constructor:
        count = len(inputs["input"]) - 2
        name = f"nn.{_PAD_CLASSES[params.mode]}{count}d"
        padding = params.padding[0] if len(set(params.padding)) == 1 else params.padding
        return Constructor(
            name, (padding, params.value) if params.mode == "constant" else (padding,)
        )


def _borders(padding: Sequence[int], count: int) -> list[tuple[int, int]] | None:
    """Return (before, after) for each direction; torch counts from the last one."""
    if len(padding) == 1:
        return [(padding[0], padding[0])] * count
    if len(padding) != 2 * count:
        return None
    pairs = [(padding[index], padding[index + 1]) for index in range(0, len(padding), 2)]
    return pairs[::-1]


def _too_far(
    params: PadParams, shape: Shape, sizes: Sequence[Size], borders: Sequence[tuple[int, int]]
) -> ShapeProblem | None:
    """Return a problem when a border would hold more than there is to mirror or to wrap."""
    if params.mode in ("constant", "replicate"):
        return None
    slack = 1 if params.mode == "reflect" else 0
    for size, border in zip(sizes, borders, strict=True):
        if isinstance(size, int) and max(border) > size - slack:
            return ShapeProblem(
                f"Mode {params.mode} cannot add {max(border)} to a side of {size}: "
                f"{named_shape_text(shape)} holds too little to take it from.",
                port="input",
                param="padding",
                suggestions=(SetParams("Repeat the outermost numbers", {"mode": "replicate"}),),
            )
    return None


LAYERS = (Slice(), Crop2d(), Pad())
