"""Detectors in one stage: from the maps of their heads to boxes with scores and labels.

Legend: B batch, C channels, H height, W width, A anchors at a position, K classes.
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
    Port,
    ShapeProblem,
)
from netloom.layers.box_checks import (
    BOX_NUMBERS,
    MAX_BOXES,
    CandidateParams,
    MapsToBoxes,
    needs,
)
from netloom.layers.detection import LevelsParams
from netloom.layers.detections import DETECTIONS_PORT
from netloom.layers.expect import fixed_size
from netloom.layers.params import FloatList, LayerParams, param
from netloom.layers.shapes import detections_shape

_CHOICE = ("score_threshold", "iou_threshold", "max_candidates", "max_detections")


class AnchorDetectionsParams(CandidateParams, LevelsParams):
    """Levels, anchors and which boxes are kept."""

    sizes: FloatList = param(
        (32.0, 64.0, 128.0),
        "Anchor sizes",
        "In pixels, equally many for each level, the finest level first.",
        unit="px",
        on_card=True,
    )
    aspect_ratios: FloatList = param(
        (0.5, 1.0, 2.0), "Aspect ratios", "Height by width; every size is tried with each."
    )
    max_detections: int = param(
        300, "Detections", "Most boxes for an image.", minimum=1, maximum=MAX_BOXES, on_card=True
    )

    @model_validator(mode="after")
    def _are_positive(self) -> Self:
        if not self.sizes or min(self.sizes) <= 0:
            raise ValueError("anchor sizes must be above 0")
        if not self.aspect_ratios or min(self.aspect_ratios) <= 0:
            raise ValueError("aspect ratios must be above 0")
        return self


def levels_problem(title: str, params: LevelsParams, sizes: FloatList) -> ShapeProblem | None:
    """Return a problem unless every level has equally many sizes."""
    if len(sizes) % params.num_levels == 0:
        return None
    return ShapeProblem(
        f"{title} has {len(sizes)} anchor sizes for {params.num_levels} levels. Give each level as "
        "many.",
        param="sizes",
    )


def choice_of(params: LayerParams) -> dict[str, Argument]:
    """Return the arguments about which boxes are kept, where they differ from the defaults."""
    return changed(params, tuple(name for name in _CHOICE if hasattr(params, name)))


class AnchorDetections(MapsToBoxes[AnchorDetectionsParams]):
    type_name = "AnchorDetections"
    decides_by_numbers = True
    name_stem = "detections"
    title = "Anchor detections"
    summary = "Turns the maps of an Anchor head into boxes."
    docs = (
        "The best candidates of each level, their boxes out of the anchors and offsets, then "
        "non-maximum suppression for each class, as torchvision's RetinaNet does. Ratios vary "
        "slowest, sizes fastest, among the anchors of a position."
    )
    aliases = ("retinanet", "nms", "anchor boxes", "post-processing", "decode boxes")
    variadic_inputs = {"class": "Classes", "box": "Boxes"}
    outputs = (DETECTIONS_PORT,)
    Params = AnchorDetectionsParams

    def output_ports(self, params: AnchorDetectionsParams) -> tuple[Port, ...]:
        return self.outputs

    def infer(self, params: AnchorDetectionsParams, inputs: Inputs) -> Inference | ShapeProblem:
        if problem := levels_problem(self.title, params, params.sizes):
            return problem
        anchors = len(params.sizes) // params.num_levels * len(params.aspect_ratios)
        numbers = {"class": [anchors] * params.num_levels, "box": [4] * params.num_levels}
        if problem := self.maps_problem(params, inputs, numbers):
            return problem
        for level in range(1, params.num_levels + 1):
            if fixed_size(inputs[f"box_{level}"], "C") != BOX_NUMBERS * anchors:
                words = f"{BOX_NUMBERS * anchors} channels for {anchors} anchors"
                return needs(self.title, words, inputs[f"box_{level}"], f"box_{level}")
        return Inference({"detections": detections_shape(params.max_detections)})

    def constructor(self, params: AnchorDetectionsParams, inputs: Inputs) -> Constructor:
        arguments = ([*params.sizes], [*params.aspect_ratios])
        return Constructor(self.type_name, arguments, choice_of(params))


class AnchorFreeDetectionsParams(CandidateParams, LevelsParams):
    """Levels and which boxes are kept."""

    sizes: FloatList = param(
        (8.0, 16.0, 32.0),
        "Units",
        "Pixels that a distance of 1 means, for each level: its stride, as a rule.",
        unit="px",
        on_card=True,
    )
    score_threshold: float = param(
        0.2,
        "Score above",
        "Boxes with a lower score are dropped.",
        minimum=0,
        maximum=1,
        on_card=True,
    )
    iou_threshold: float = param(
        0.6,
        "Overlap below",
        "A box that covers a better one of its class by a larger share of both is dropped.",
        minimum=0,
        maximum=1,
    )


class AnchorFreeDetections(MapsToBoxes[AnchorFreeDetectionsParams]):
    type_name = "AnchorFreeDetections"
    decides_by_numbers = True
    name_stem = "detections"
    title = "Anchor-free detections"
    summary = "Turns the maps of an Anchor-free head into boxes."
    docs = (
        "The score of a position is the root of class times centerness; the best candidates of "
        "each level become boxes by their four distances, then non-maximum suppression follows "
        "for each class, as torchvision's FCOS does."
    )
    aliases = ("fcos", "nms", "post-processing", "decode boxes")
    variadic_inputs = {"class": "Classes", "box": "Boxes", "center": "Centerness"}
    outputs = (DETECTIONS_PORT,)
    Params = AnchorFreeDetectionsParams

    def output_ports(self, params: AnchorFreeDetectionsParams) -> tuple[Port, ...]:
        return self.outputs

    def infer(self, params: AnchorFreeDetectionsParams, inputs: Inputs) -> Inference | ShapeProblem:
        if len(params.sizes) != params.num_levels:
            return levels_problem(self.title, params, params.sizes) or ShapeProblem(
                f"{self.title} needs one unit for each of {params.num_levels} levels.",
                param="sizes",
            )
        if problem := self.maps_problem(params, inputs, {}):
            return problem
        for level in range(1, params.num_levels + 1):
            for port, wanted in ((f"box_{level}", BOX_NUMBERS), (f"center_{level}", 1)):
                if fixed_size(inputs[port], "C") != wanted:
                    return needs(self.title, f"{wanted} channels", inputs[port], port)
        return Inference({"detections": detections_shape(params.max_detections)})

    def constructor(self, params: AnchorFreeDetectionsParams, inputs: Inputs) -> Constructor:
        return Constructor(self.type_name, ([*params.sizes],), choice_of(params))


class DefaultBoxDetectionsParams(CandidateParams, LevelsParams):
    """Levels, default boxes and which boxes are kept."""

    default_boxes: FloatList = param(
        (0.1, 0.1, 0.3, 0.3, 0.6, 0.6),
        "Default boxes",
        "Width and height of each in shares of the image, level by level: as many for a level as "
        "its box map has channels for.",
    )
    steps: FloatList = param(
        (),
        "Steps",
        "Pixels between positions, for each level; empty splits the image evenly.",
        unit="px",
        is_advanced=True,
    )
    score_threshold: float = param(
        0.01,
        "Score above",
        "Boxes with a lower score are dropped.",
        minimum=0,
        maximum=1,
        on_card=True,
    )
    iou_threshold: float = param(
        0.45,
        "Overlap below",
        "A box that covers a better one of its class by a larger share of both is dropped.",
        minimum=0,
        maximum=1,
    )
    max_candidates: int = param(
        400,
        "Candidates",
        "Best boxes of each class that are compared.",
        minimum=1,
        maximum=MAX_BOXES,
        is_advanced=True,
    )
    max_detections: int = param(
        200, "Detections", "Most boxes for an image.", minimum=1, maximum=MAX_BOXES, on_card=True
    )

    @model_validator(mode="after")
    def _come_in_pairs(self) -> Self:
        if len(self.default_boxes) % 2 or not self.default_boxes:
            raise ValueError("default boxes are pairs of width and height")
        if min(self.default_boxes) <= 0 or min(self.steps, default=1) <= 0:
            raise ValueError("default boxes and steps must be above 0")
        return self


class DefaultBoxDetections(MapsToBoxes[DefaultBoxDetectionsParams]):
    type_name = "DefaultBoxDetections"
    decides_by_numbers = True
    name_stem = "detections"
    title = "Default box detections"
    summary = "Turns the maps of an SSD into boxes."
    docs = (
        "Class maps (B, A · K, H, W) and box maps (B, A · 4, H, W) of each level, over A default "
        "boxes at a position. Softmax over the classes, of which 0 is the background; the best "
        "candidates of each class, then non-maximum suppression, as torchvision's SSD does."
    )
    aliases = ("ssd", "ssdlite", "prior boxes", "nms", "post-processing", "decode boxes")
    variadic_inputs = {"class": "Classes", "box": "Boxes"}
    outputs = (DETECTIONS_PORT,)
    Params = DefaultBoxDetectionsParams

    def output_ports(self, params: DefaultBoxDetectionsParams) -> tuple[Port, ...]:
        return self.outputs

    def infer(self, params: DefaultBoxDetectionsParams, inputs: Inputs) -> Inference | ShapeProblem:
        if params.steps and len(params.steps) != params.num_levels:
            return ShapeProblem(
                f"{self.title} has {len(params.steps)} steps for {params.num_levels} levels.",
                param="steps",
            )
        numbers = {"box": [BOX_NUMBERS] * params.num_levels}
        if problem := self.maps_problem(params, inputs, numbers):
            return problem
        classes: set[float] = set()
        total = 0
        for level in range(1, params.num_levels + 1):
            anchors = fixed_size(inputs[f"box_{level}"], "C") // BOX_NUMBERS
            classes.add(fixed_size(inputs[f"class_{level}"], "C") / anchors)
            total += anchors
        if len(classes) > 1 or min(classes) != int(min(classes)):
            return needs(
                self.title,
                "equally many classes for each default box",
                inputs["class_1"],
                "class_1",
            )
        if 2 * total != len(params.default_boxes):
            return ShapeProblem(
                f"{self.title} has {len(params.default_boxes) // 2} default boxes, but box maps "
                f"have channels for {total}.",
                param="default_boxes",
            )
        return Inference({"detections": detections_shape(params.max_detections)})

    def constructor(self, params: DefaultBoxDetectionsParams, inputs: Inputs) -> Constructor:
        kwargs: dict[str, Argument] = {"steps": [*params.steps]} if params.steps else {}
        return Constructor(self.type_name, ([*params.default_boxes],), kwargs | choice_of(params))


LAYERS = (AnchorDetections(), AnchorFreeDetections(), DefaultBoxDetections())
