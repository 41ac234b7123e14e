"""Detectors that leave decoding to whoever runs them: from their numbers to boxes.

Boxes are (B, N, 4): x1, y1, x2, y2 in shares of the image, for a Detections layer with a port for
the image. Legend: B batch, C channels, H height, W width, K classes, N boxes.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from netloom.layers.attention import changed
from netloom.layers.base import (
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.box_checks import BOX_NUMBERS, needs
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import FloatList, IntList, LayerParams, param
from netloom.layers.shapes import axes_of, sequence_shape

OBJECTNESS_AND_BOX = 1 + BOX_NUMBERS
_BOXES_PORT = Port("boxes", "Boxes")


class PriorBoxesParams(LayerParams):
    """Which boxes the network was trained to correct."""

    strides: IntList = param(
        (8, 16, 32),
        "Strides",
        "Pixels from one prior box to the next, for each level.",
        unit="px",
        on_card=True,
    )
    sizes_per_level: IntList = param(
        (2, 2, 2), "Sizes per level", "How many prior boxes there are at a position of each level."
    )
    sizes: FloatList = param(
        (16.0, 32.0, 64.0, 128.0, 256.0, 512.0),
        "Prior sizes",
        "Side of each prior box, level by level: those that the network was trained with.",
        unit="px",
    )
    center_variance: float = param(
        0.1, "Center variance", "Offsets of centers are times this share of the prior box.",
        minimum=1e-6, maximum=1000, is_advanced=True,
    )  # fmt: skip
    size_variance: float = param(
        0.2, "Size variance", "Offsets of sizes are times this, then an exponent.",
        minimum=1e-6, maximum=1000, is_advanced=True,
    )  # fmt: skip
    is_clipped: bool = param(
        False, "Clip to the image", "Prior boxes larger than the image are as large as it.",
        is_advanced=True,
    )  # fmt: skip

    @model_validator(mode="after")
    def _are_positive(self) -> Self:
        if min(self.strides, default=0) <= 0 or min(self.sizes_per_level, default=0) <= 0:
            raise ValueError("strides and sizes per level must be above 0, for each level one")
        if min(self.sizes, default=1) <= 0:
            raise ValueError("prior sizes must be above 0")
        return self


def num_priors(params: PriorBoxesParams, height: int, width: int) -> int:
    """Return how many prior boxes an image of this size has, in pixels."""
    return sum(
        -(-height // stride) * -(-width // stride) * count
        for stride, count in zip(params.strides, params.sizes_per_level, strict=True)
    )


class PriorBoxes(LayerType[PriorBoxesParams]):
    type_name = "PriorBoxes"
    name_stem = "prior_boxes"
    title = "Prior boxes"
    category = "Detection"
    summary = "Makes boxes of offsets from prior boxes."
    docs = (
        "Stands behind a detector in the manner of SSD (Liu et al., 2016) that gives offsets "
        "(B, N, 4) from boxes it was trained with, as exports without post-processing do. Square "
        "prior boxes stand at every position of each level; an offset moves the center by shares "
        "of the prior box, and its exponential scales the sides. Gives x1, y1, x2, y2 in shares of "
        "the image, for a Detections layer."
    )
    aliases = ("ssd", "retinaface", "anchors", "decode boxes", "box coder", "variance")
    icon = "box-multiple"
    has_weights = False
    inputs = (Port("offsets", "Offsets"), Port("image", "Image"))
    outputs = (_BOXES_PORT,)
    Params = PriorBoxesParams

    def infer(self, params: PriorBoxesParams, inputs: Inputs) -> Inference | ShapeProblem:
        offsets, image = inputs["offsets"], inputs["image"]
        if len(offsets) != 3 or axes_of(offsets)[0] != "B" or offsets[2].size != BOX_NUMBERS:
            return needs(self.title, "offsets (B, N, 4)", offsets, "offsets")
        if problem := expect_image(self.title, image):
            return ShapeProblem(problem.message, port="image")
        if len(params.strides) != len(params.sizes_per_level):
            return ShapeProblem(
                f"{self.title} has {len(params.strides)} strides, but sizes for "
                f"{len(params.sizes_per_level)} levels.",
                param="sizes_per_level",
            )
        if sum(params.sizes_per_level) != len(params.sizes):
            return ShapeProblem(
                f"{self.title} has {len(params.sizes)} sizes for "
                f"{sum(params.sizes_per_level)} prior boxes at the positions of its levels.",
                param="sizes",
            )
        height, width = fixed_size(image, "H"), fixed_size(image, "W")
        count = num_priors(params, height, width)
        if offsets[1].size != count:
            return ShapeProblem(
                f"{self.title} has {count:,} prior boxes in an image of {height} × {width}, but "
                f"receives {offsets[1].size} rows of offsets. Give it the strides and sizes that "
                "the network was trained with.",
                port="offsets",
                param="strides",
            )
        return Inference({"boxes": sequence_shape(BOX_NUMBERS, count)}, flops=14 * count)

    def constructor(self, params: PriorBoxesParams, inputs: Inputs) -> Constructor:
        arguments = ([*params.strides], [*params.sizes_per_level], [*params.sizes])
        names = ("center_variance", "size_variance", "is_clipped")
        return Constructor(self.type_name, arguments, changed(params, names))


class GridBoxesParams(LayerParams):
    """How a score is made."""

    objectness_weight: float = param(
        0.6,
        "Weight of objectness",
        "A score is objectness to the power of this, times the class to the power of the rest.",
        minimum=0,
        maximum=1,
    )


class GridBoxes(LayerType[GridBoxesParams]):
    type_name = "GridBoxes"
    name_stem = "grid_boxes"
    title = "Grid boxes"
    category = "Detection"
    summary = "Makes boxes and scores of a map with one box at each position."
    docs = (
        "Channels of the map are objectness (0..1), offset x and y, width and height, then the "
        "probability of each of K classes, as FastestDet gives them. The center is the position "
        "plus the hyperbolic tangent of the offset; the sides are the sigmoid, in shares of the "
        "image. Only the likeliest class of a position has a score. Gives boxes (B, H · W, 4) in "
        "shares of the image and scores (B, H · W, K), for a Detections layer."
    )
    aliases = ("fastestdet", "yolo", "anchor-free", "decode boxes")
    icon = "box-multiple"
    has_weights = False
    outputs = (_BOXES_PORT, Port("scores", "Scores"))
    Params = GridBoxesParams

    def infer(self, params: GridBoxesParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        channels, height, width = (fixed_size(shape, axis) for axis in "CHW")
        if channels <= OBJECTNESS_AND_BOX:
            words = f"a map of more than {OBJECTNESS_AND_BOX} channels"
            return needs(self.title, words, shape, "input")
        count = height * width
        classes = channels - OBJECTNESS_AND_BOX
        return Inference(
            {
                "boxes": sequence_shape(BOX_NUMBERS, count),
                "scores": sequence_shape(classes, count),
            },
            flops=count * (4 * classes + 16),
        )

    def constructor(self, params: GridBoxesParams, inputs: Inputs) -> Constructor:
        kwargs: dict[str, Argument] = changed(params, ("objectness_weight",))
        return Constructor(self.type_name, (), kwargs)


LAYERS = (PriorBoxes(), GridBoxes())
