"""Layers that enlarge images, or trade channels for positions."""

from __future__ import annotations

from typing import Literal

from netloom.graph.document import ParamValue
from netloom.layers.base import (
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import expect_axes, expect_image, fixed_size
from netloom.layers.params import IntList, LayerParams, PositiveInt, param
from netloom.layers.reach import SAME_POSITION, Reach, Resample, Slide
from netloom.layers.shapes import elements_per_sample, image_shape, named_shape_text
from netloom.layers.sizes import Size
from netloom.layers.sliding import DIRECTIONS, as_argument, leaves_nothing, sizes_of, slid


class UpsampleParams(LayerParams):
    """The size to end with, and how numbers between are found."""

    scale_factor: PositiveInt = param(
        2, "Factor", "How many times as long every side becomes.", on_card=True
    )
    size: IntList = param(
        (), "Size", "Sides of the result, such as 32, 32; with it the factor is not used."
    )
    mode: Literal["nearest", "linear", "cubic"] = param(
        "nearest",
        "Mode",
        "Nearest repeats numbers, linear draws lines between them, cubic (images only) curves.",
        on_card=True,
    )
    align_corners: bool = param(
        False,
        "Align corners",
        "Corner numbers stay in the corners; not for nearest.",
        is_advanced=True,
    )


_MODES = {
    ("nearest", 1): "nearest",
    ("nearest", 2): "nearest",
    ("nearest", 3): "nearest",
    ("linear", 1): "linear",
    ("linear", 2): "bilinear",
    ("linear", 3): "trilinear",
    ("cubic", 2): "bicubic",
}


class Upsample(LayerType[UpsampleParams]):
    type_name = "Upsample"
    name_stem = "upsample"
    title = "Upsample"
    category = "Shape"
    summary = "Resizes a signal, an image or a volume, without weights."
    docs = (
        "Followed by a convolution it is a decoder step without the checkerboards of a transposed "
        "convolution. A size may also be smaller than the input's."
    )
    aliases = (
        "resize", "interpolate", "bilinear", "nearest", "UpSampling2D", "resize2dLayer", "decoder",
    )  # fmt: skip
    icon = "arrows-maximize"
    Params = UpsampleParams

    def infer(self, params: UpsampleParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        orders = tuple(f"BC{axes}" for axes in DIRECTIONS.values())
        if problem := expect_axes(self.title, shape, orders):
            return problem
        count = len(shape) - 2
        if (params.mode, count) not in _MODES:
            return ShapeProblem(
                f"Cubic resizing works on images but receives {named_shape_text(shape)}.",
                port="input",
                param="mode",
                suggestions=(SetParams("Use linear", {"mode": "linear"}),),
            )
        sizes: list[Size] = [size * params.scale_factor for size in sizes_of(shape, count)]
        if params.size:
            sizes = [*params.size] if len(params.size) > 1 else [*params.size] * count
        if len(sizes) != count or leaves_nothing(sizes):
            return ShapeProblem(
                f"The size must be {count} numbers of at least 1 for {named_shape_text(shape)}.",
                port="input",
                param="size",
                suggestions=(SetParams("Use the factor", {"size": None}),),
            )
        output = slid(fixed_size(shape, "C"), sizes)
        taps = 1 if params.mode == "nearest" else 2**count if params.mode == "linear" else 16
        return Inference({"output": output}, flops=elements_per_sample(output) * taps)

    def reach(self, params: UpsampleParams, inputs: Inputs) -> Reach:
        shape = inputs["input"]
        count = len(shape) - 2
        axes, sizes = DIRECTIONS[count], sizes_of(shape, count)
        if not params.size:
            return Reach({axis: Resample(1, params.scale_factor, params.mode) for axis in axes})
        wanted = params.size if len(params.size) > 1 else params.size * count
        # Corners that are aligned stretch the middle by a ratio of their own.
        return Reach(
            {
                axis: Resample(size, after, params.mode) if isinstance(size, int) else None
                for axis, size, after in zip(axes, sizes, wanted, strict=True)
            }
        )

    def constructor(self, params: UpsampleParams, inputs: Inputs) -> Constructor:
        count = len(inputs["input"]) - 2
        kwargs: dict[str, Argument] = {"scale_factor": params.scale_factor}
        if params.size:
            sizes = params.size if len(params.size) > 1 else params.size * count
            kwargs = {"size": as_argument(sizes)}
        if params.mode != "nearest":
            kwargs["mode"] = _MODES[params.mode, count]
            if params.align_corners:
                kwargs["align_corners"] = True
        return Constructor("nn.Upsample", (), kwargs)


class FactorParams(LayerParams):
    """How many times."""

    factor: PositiveInt = param(
        2, "Factor", "How many times height and width change.", on_card=True
    )


class ChannelTrade(LayerType[FactorParams]):
    """Channels become positions, or positions channels."""

    category = "Shape"
    name_stem = "pixel_shuffle"
    icon = "arrows-shuffle"
    Params = FactorParams

    def constructor(self, params: FactorParams, inputs: Inputs) -> Constructor:
        return Constructor(f"nn.{self.type_name}", (params.factor,))


class PixelShuffle(ChannelTrade):
    type_name = "PixelShuffle"
    title = "PixelShuffle"
    summary = "Makes an image larger out of its channels."
    docs = (
        "Factor 2 turns (B, 4 · C, H, W) into (B, C, 2 · H, 2 · W): sub-pixel convolution (Shi et "
        "al., 2016), usual in super-resolution."
    )
    aliases = ("depth to space", "sub-pixel", "super resolution", "depthToSpace2dLayer")

    def infer(self, params: FactorParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        channels, squared = fixed_size(shape, "C"), params.factor**2
        if channels % squared:
            rounded = -(-channels // squared) * squared
            return ShapeProblem(
                f"PixelShuffle by {params.factor} needs channels that {squared} divides, such as "
                f"{rounded}, but receives {named_shape_text(shape)}.",
                port="input",
                param="factor",
            )
        height, width = (fixed_size(shape, axis) * params.factor for axis in "HW")
        return Inference({"output": image_shape(channels // squared, height, width)})

    def reach(self, params: FactorParams, inputs: Inputs) -> Reach:
        return Reach({axis: Resample(1, params.factor) for axis in "HW"})


class PixelUnshuffle(ChannelTrade):
    type_name = "PixelUnshuffle"
    title = "PixelUnshuffle"
    summary = "Makes an image smaller without losing anything: positions become channels."
    docs = "Factor 2 turns (B, C, 2 · H, 2 · W) into (B, 4 · C, H, W)."
    aliases = ("space to depth", "downsample", "spaceToDepthLayer")

    def infer(self, params: FactorParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        height, width = fixed_size(shape, "H"), fixed_size(shape, "W")
        factor = params.factor
        if height % factor or width % factor:
            return ShapeProblem(
                f"PixelUnshuffle by {factor} needs H and W that {factor} divides but receives "
                f"{named_shape_text(shape)}.",
                port="input",
                param="factor",
            )
        channels = fixed_size(shape, "C") * factor**2
        return Inference({"output": image_shape(channels, height // factor, width // factor)})

    def reach(self, params: FactorParams, inputs: Inputs) -> Reach:
        return Reach({axis: Slide(params.factor, params.factor) for axis in "HW"})


class ChannelShuffleParams(LayerParams):
    """Between which groups channels are exchanged."""

    groups: PositiveInt = param(2, "Groups", "Groups of the convolution before it.", on_card=True)


class ChannelShuffle(LayerType[ChannelShuffleParams]):
    type_name = "ChannelShuffle"
    name_stem = "channel_shuffle"
    title = "ChannelShuffle"
    category = "Shape"
    summary = "Mixes the groups of a grouped convolution by reordering channels."
    docs = "ShuffleNet puts it between two grouped convolutions, so that groups see each other."
    aliases = ("shufflenet", "groups", "reorder")
    icon = "arrows-shuffle"
    Params = ChannelShuffleParams

    def infer(self, params: ChannelShuffleParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        channels = fixed_size(shape, "C")
        if channels % params.groups:
            one: dict[str, ParamValue] = {"groups": 1}
            return ShapeProblem(
                f"{params.groups} groups must divide the {channels} channels.",
                port="input",
                param="groups",
                suggestions=(SetParams("Use 1 group", one),),
            )
        return Inference({"output": shape})

    def reach(self, params: ChannelShuffleParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def constructor(self, params: ChannelShuffleParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.ChannelShuffle", (params.groups,))


LAYERS = (Upsample(), PixelShuffle(), PixelUnshuffle(), ChannelShuffle())
