"""Heads that look at every pixel, and at parts of a map inside boxes.

Legend: B batch, C channels, H height, W width, K classes, T boxes, F features.
"""

from __future__ import annotations

from netloom.layers.attention import changed
from netloom.layers.base import (
    OUTPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import MAX_KERNEL, MAX_SIZE, LayerParams, PositivePair, param
from netloom.layers.sequence import expect_sequence, time_of
from netloom.layers.shapes import (
    BATCH,
    Dim,
    elements_per_sample,
    image_shape,
    named_shape_text,
)

_BOX_NUMBERS = 4


class SegmentationHeadParams(LayerParams):
    """Classes and how far the map is enlarged."""

    num_classes: int = param(
        21, "Classes", "Kinds of pixels, background included.", minimum=1, maximum=1_000_000,
        on_card=True,
    )  # fmt: skip
    hidden_channels: int = param(
        128, "Hidden channels", "Channels between the two convolutions.", minimum=1,
        maximum=MAX_SIZE,
    )  # fmt: skip
    scale: int = param(
        1,
        "Enlarge",
        "Factor by which the logits are enlarged: the stride of the backbone gives the size of "
        "the image.",
        minimum=1,
        maximum=1024,
        on_card=True,
    )
    dropout: float = param(
        0.1,
        "Dropout",
        "Share of numbers set to zero in training.",
        minimum=0,
        maximum=1,
        is_advanced=True,
    )


class SegmentationHead(LayerType[SegmentationHeadParams]):
    type_name = "SegmentationHead"
    name_stem = "segmentation"
    title = "Segmentation head"
    category = "Detection"
    summary = "Gives every pixel one logit for each class."
    docs = (
        "A 3 × 3 convolution with batch normalisation, ReLU and dropout, then a 1 × 1 convolution "
        "to the classes and bilinear enlargement (Long, Shelhamer and Darrell, 2015). Weights: "
        "conv, norm, classifier."
    )
    aliases = ("fcn", "fcn head", "semantic segmentation", "pixelClassificationLayer", "mask")
    icon = "layers-intersect"
    inferred = {"in_channels": "Input channels"}
    Params = SegmentationHeadParams

    def infer(self, params: SegmentationHeadParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        channels, height, width = (fixed_size(shape, axis) for axis in "CHW")
        hidden, classes, scale = params.hidden_channels, params.num_classes, params.scale
        output = image_shape(classes, height * scale, width * scale)
        flops = height * width * (hidden * (18 * channels + 6) + classes * (2 * hidden + 1))
        enlarging = 0 if scale == 1 else elements_per_sample(output) * 7
        return Inference(
            {"output": output},
            inferred={"in_channels": channels},
            parameters={
                "conv.weight": (hidden, channels, 3, 3),
                "norm.weight": (hidden,),
                "norm.bias": (hidden,),
                "classifier.weight": (classes, hidden, 1, 1),
                "classifier.bias": (classes,),
            },
            buffers={
                "norm.running_mean": (hidden,),
                "norm.running_var": (hidden,),
                "norm.num_batches_tracked": (),
            },
            flops=flops + enlarging,
        )

    def constructor(self, params: SegmentationHeadParams, inputs: Inputs) -> Constructor:
        channels = fixed_size(inputs["input"], "C")
        arguments = (channels, params.hidden_channels, params.num_classes)
        return Constructor("SegmentationHead", arguments, changed(params, ("scale", "dropout")))


class RoIAlignParams(LayerParams):
    """What is taken from each box."""

    output_size: PositivePair = param(
        (7, 7), "Output size", "Height and width taken from every box.", on_card=True
    )
    stride: int = param(
        16,
        "Stride",
        "Pixels of the image for each position of the map; boxes are in pixels of the image.",
        unit="px",
        minimum=1,
        maximum=MAX_KERNEL,
        on_card=True,
    )
    num_samples: int = param(
        2,
        "Samples",
        "Points per direction that each number is the mean of.",
        minimum=1,
        maximum=64,
        is_advanced=True,
    )


class RoIAlign(LayerType[RoIAlignParams]):
    type_name = "RoIAlign"
    name_stem = "roi"
    title = "RoI align"
    category = "Detection"
    summary = "Takes a piece of fixed size out of a map for every box."
    docs = (
        "Boxes come as (B, T, 4), for each x1, y1, x2, y2 in pixels of the image. Every box gives "
        "features F = C · height · width in the order of its channels, so the result is "
        "(B, T, F), ready for Linear layers. Computes what torchvision's roi_align does with "
        "aligned=True (He et al., 2017)."
    )
    aliases = ("roi pooling", "region of interest", "faster r-cnn", "mask r-cnn", "roiAlignLayer")
    icon = "crop"
    inputs = (Port("input", "Map"), Port("boxes", "Boxes"))
    outputs = (OUTPUT,)
    has_weights = False
    Params = RoIAlignParams

    def infer(self, params: RoIAlignParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape, boxes = inputs["input"], inputs["boxes"]
        if problem := expect_image(self.title, shape) or expect_sequence(
            self.title, boxes, "boxes"
        ):
            return problem
        if fixed_size(boxes, "F") != _BOX_NUMBERS:
            return ShapeProblem(
                f"{self.title} needs four numbers for every box but receives "
                f"{named_shape_text(boxes)}.",
                port="boxes",
            )
        rows, columns = params.output_size
        num_features = fixed_size(shape, "C") * rows * columns
        output = (BATCH, time_of(boxes), Dim("F", num_features))
        return Inference(
            {"output": output}, flops=elements_per_sample(output) * (8 * params.num_samples**2)
        )

    def constructor(self, params: RoIAlignParams, inputs: Inputs) -> Constructor:
        kwargs: dict[str, Argument] = {"output_size": params.output_size, "stride": params.stride}
        return Constructor("RoIAlign", (), kwargs | changed(params, ("num_samples",)))


LAYERS = (SegmentationHead(), RoIAlign())
