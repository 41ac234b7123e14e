"""From the numbers of a detector to boxes with scores and labels.

All give (B, detections T, 6): for each image rows of x1, y1, x2, y2 in pixels of the image as it
came, score and label, the best first; rows that are left over have the label -1. In training they
do the same: losses are computed of what arrives, not of what leaves.
Legend: B batch, C channels, H height, W width, K classes, N boxes.
"""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import model_validator

from netloom.layers.attention import changed
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.box_checks import (
    BOX_NUMBERS,
    SIZES_SHAPE,
    ChoiceParams,
    needs,
)
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import MAX_KERNEL, FloatList, LayerParams, OptionalPair, param
from netloom.layers.reach import EVERYTHING, SAME_POSITION, Reach
from netloom.layers.shapes import axes_of, detections_shape, image_shape

DETECTIONS_PORT = Port("detections", "Detections")


class DetectionTransformParams(LayerParams):
    """How images are made ready for a detector."""

    min_size: int = param(
        800,
        "Shorter side",
        "Length that the shorter side gets; 0 leaves the size as it is.",
        unit="px",
        minimum=0,
        maximum=MAX_KERNEL,
        on_card=True,
    )
    max_size: int = param(
        1333,
        "Longest side",
        "Most that the longer side may get; the shorter one is then shorter.",
        unit="px",
        minimum=1,
        maximum=MAX_KERNEL,
    )
    fixed_size: OptionalPair = param(
        None, "Fixed size", "Height and width in place of that, whatever the proportions."
    )
    size_divisible: int = param(
        32,
        "Multiple of",
        "Zeros at the right and at the bottom make both sides a multiple of this.",
        minimum=1,
        maximum=1024,
        is_advanced=True,
    )
    mean: FloatList = param(
        (0.485, 0.456, 0.406), "Mean", "Subtracted from 0..1, for each channel.", is_advanced=True
    )
    std: FloatList = param(
        (0.229, 0.224, 0.225),
        "Standard deviation",
        "Divides behind that, for each channel.",
        is_advanced=True,
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.mean or len(self.mean) != len(self.std):
            raise ValueError("mean and standard deviation need one number for each channel")
        if min(self.std) <= 0:
            raise ValueError("every standard deviation must be above 0")
        return self


class DetectionTransform(LayerType[DetectionTransformParams]):
    type_name = "DetectionTransform"
    name_stem = "detector_input"
    title = "Detector input"
    category = "Detection"
    summary = "Normalises and resizes images for a detector, and tells their sizes."
    docs = (
        "Takes images of 0..1, as an Image input with mean 0 and standard deviation 1 gives them. "
        "The second output, (B, 6), is height and width of the tensor, of the image inside its "
        "borders and of the image as it came: layers that give boxes need it, so that boxes are "
        "in pixels of the image. Computes what torchvision's GeneralizedRCNNTransform does in "
        "evaluation."
    )
    aliases = ("resize", "normalise", "GeneralizedRCNNTransform", "detector preprocessing")
    icon = "resize"
    has_weights = False
    outputs = (Port("output", "Image"), Port("sizes", "Sizes of the images"))
    Params = DetectionTransformParams

    def infer(self, params: DetectionTransformParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        channels, height, width = (fixed_size(shape, axis) for axis in "CHW")
        if len(params.mean) not in (1, channels):
            return ShapeProblem(
                f"{self.title} has {len(params.mean)} means for {channels} channels.", param="mean"
            )
        if params.fixed_size is not None:
            height, width = params.fixed_size
        elif params.min_size:
            shorter, longer = min(height, width), max(height, width)
            factor = min(params.min_size / shorter, params.max_size / longer)
            height, width = math.floor(height * factor), math.floor(width * factor)
        if not height or not width:
            return ShapeProblem(
                f"{self.title} would give an image without pixels.", param="max_size"
            )
        step = params.size_divisible
        output = image_shape(channels, -(-height // step) * step, -(-width // step) * step)
        return Inference(
            {"output": output, "sizes": SIZES_SHAPE}, flops=9 * channels * height * width
        )

    def reach(self, params: DetectionTransformParams, inputs: Inputs) -> Reach:
        keeps_size = not params.min_size and params.fixed_size is None
        return SAME_POSITION if keeps_size else EVERYTHING

    def constructor(self, params: DetectionTransformParams, inputs: Inputs) -> Constructor:
        names = ("min_size", "max_size", "fixed_size", "size_divisible")
        return Constructor(self.type_name, ([*params.mean], [*params.std]), changed(params, names))


class DetectionsParams(ChoiceParams):
    """What arrives, and which boxes are kept."""

    score_threshold: float = param(
        0.5,
        "Score above",
        "Boxes with a lower score are dropped.",
        minimum=0,
        maximum=1,
        on_card=True,
    )
    box_format: Literal["corners", "center"] = param(
        "corners", "Boxes are", "corners: x1, y1, x2, y2; center: x, y, width, height."
    )
    scores: Literal["as they are", "sigmoid", "softmax"] = param(
        "as they are", "Scores are", "What makes a score of what arrives."
    )
    background: int = param(
        -1,
        "Background",
        "Class that means nothing is there, from 0; -1 if there is none.",
        minimum=-1,
        maximum=1_000_000,
    )
    is_relative: bool = param(
        False,
        "In shares of the image",
        "Boxes are shares of the image, 0..1: adds a port for the image, whose size they take.",
    )


class Detections(LayerType[DetectionsParams]):
    type_name = "Detections"
    decides_by_numbers = True
    name_stem = "detections"
    title = "Detections"
    category = "Detection"
    summary = "Keeps the best boxes of each class and drops those that overlap them."
    docs = (
        "Stands behind any network that gives boxes (B, N, 4) and scores (B, N, K). Boxes of a "
        "class with a score above the threshold are sorted by score; one that overlaps a better "
        "one too much is dropped (non-maximum suppression). Gives (B, T, 6): x1, y1, x2, y2, "
        "score and label of each; rows that are left over have the label -1."
    )
    aliases = ("nms", "non-maximum suppression", "post-processing", "boxes", "detector output")
    icon = "box-multiple"
    has_weights = False
    inputs = (
        Port("boxes", "Boxes"),
        Port("scores", "Scores"),
        Port("image", "Image", "is_relative"),
    )
    outputs = (DETECTIONS_PORT,)
    Params = DetectionsParams

    def infer(self, params: DetectionsParams, inputs: Inputs) -> Inference | ShapeProblem:
        boxes, scores = inputs["boxes"], inputs["scores"]
        if len(boxes) != 3 or axes_of(boxes)[0] != "B" or boxes[2].size != BOX_NUMBERS:
            return needs(self.title, "boxes (B, N, 4)", boxes, "boxes")
        if len(scores) != 3 or scores[1].size != boxes[1].size:
            words = f"scores (B, N, K) with N={boxes[1].size}, one row for each box,"
            return needs(self.title, words, scores, "scores")
        classes = scores[2].size
        if isinstance(classes, int) and params.background >= classes:
            return ShapeProblem(
                f"There is no class {params.background}: there are {classes}, counted from 0.",
                param="background",
            )
        if params.is_relative and (problem := expect_image(self.title, inputs["image"])):
            return ShapeProblem(problem.message, port="image")
        return Inference(
            {"detections": detections_shape(params.max_detections)}, flops=classes * boxes[1].size
        )

    def constructor(self, params: DetectionsParams, inputs: Inputs) -> Constructor:
        return Constructor(self.type_name, (), changed(params, tuple(type(params).model_fields)))


LAYERS = (DetectionTransform(), Detections())
