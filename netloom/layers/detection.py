"""Necks and heads of detectors and segmentation networks.

They compute maps; losses and boxes out of maps belong to a task. Legend: B batch, C channels,
H height, W width, K classes, T boxes, F features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Generic, TypeVar

from netloom.layers.attention import changed
from netloom.layers.base import (
    Constructor,
    Inference,
    Inputs,
    InsertBefore,
    LayerType,
    Port,
    ShapeProblem,
    Suggestion,
)
from netloom.layers.expect import IMAGE_AXES, expect_fixed, fixed_size
from netloom.layers.params import MAX_SIZE, LayerParams, param
from netloom.layers.shapes import Shape, axes_of, elements_per_sample, image_shape, named_shape_text
from netloom.layers.sizes import Size

MAX_LEVELS = 16
MAX_CLASSES = 1_000_000
_GROUP_NORM_FLOPS = 8

ParameterShapes = dict[str, tuple[int, ...]]


class LevelsParams(LayerParams):
    """How many maps come in."""

    num_levels: int = param(
        3,
        "Levels",
        "Number of maps, each from another depth of the backbone; the first is the finest.",
        minimum=1,
        maximum=MAX_LEVELS,
        on_card=True,
    )


P = TypeVar("P", bound=LevelsParams)


class Levels(LayerType[P], Generic[P]):
    """Takes a map per level, gives for each level what `variadic_outputs` names."""

    category = "Detection"
    variadic_param = "num_levels"

    def input_ports(self, params: P) -> tuple[Port, ...]:
        names = self.variadic_inputs or {"input": "Level"}
        numbered = tuple(
            Port(f"{stem}_{level}", f"{title} {level}")
            for level in range(1, params.num_levels + 1)
            for stem, title in names.items()
        )
        return (*numbered, *self.fixed_inputs)

    def output_ports(self, params: P) -> tuple[Port, ...]:
        return tuple(
            Port(f"{stem}_{level}", f"{title} {level}")
            for level in range(1, params.num_levels + 1)
            for stem, title in self.variadic_outputs.items()
        )

    def _maps_problem(self, inputs: Inputs, *, same_channels: bool) -> ShapeProblem | None:
        first = next(iter(inputs.values()))
        for port, shape in inputs.items():
            if axes_of(shape) != IMAGE_AXES:
                return ShapeProblem(
                    f"{self.title} needs maps (B, C, H, W) but receives "
                    f"{named_shape_text(shape)} at {port}.",
                    port=port,
                )
            if problem := expect_fixed(self.title, shape):
                return replace(problem, port=port)
            channels = fixed_size(first, "C")
            if same_channels and fixed_size(shape, "C") != channels:
                fix: Suggestion = InsertBefore(
                    f"Insert Conv2d with {channels} filters",
                    "Conv2d",
                    port,
                    {"out_channels": channels, "kernel_size": 1},
                )
                return ShapeProblem(
                    f"{self.title} applies the same weights to every level, so all need "
                    f"{channels} channels, but {port} has {fixed_size(shape, 'C')}. A Feature "
                    "pyramid before it makes them equal.",
                    port=port,
                    suggestions=(fix,),
                )
        return None


class FeaturePyramidParams(LevelsParams):
    """Levels and their width."""

    out_channels: int = param(
        256,
        "Channels",
        "Channels of every level this gives.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )


class FeaturePyramid(Levels[FeaturePyramidParams]):
    type_name = "FeaturePyramid"
    name_stem = "pyramid"
    title = "Feature pyramid"
    summary = "Mixes coarse maps into finer ones, so that every level knows what is where."
    docs = (
        "Each level passes a 1 × 1 convolution, the enlarged coarser level is added, and a 3 × 3 "
        "convolution follows (Lin et al., 2017). Weights are called as in torchvision's "
        "FeaturePyramidNetwork: inner_blocks.0.0.weight, layer_blocks.0.0.weight."
    )
    aliases = ("fpn", "neck", "feature pyramid network", "multi-scale")
    icon = "stack-2"
    variadic_outputs = {"output": "Output"}
    inferred = {"in_channels": "Input channels"}
    Params = FeaturePyramidParams

    def infer(self, params: FeaturePyramidParams, inputs: Inputs) -> Inference | ShapeProblem:
        if problem := self._maps_problem(inputs, same_channels=False):
            return problem
        in_channels = self._in_channels(inputs)
        width = params.out_channels
        parameters: ParameterShapes = {}
        for level, channels in enumerate(in_channels):
            parameters |= _conv(f"inner_blocks.{level}.0", channels, width, 1)
        for level in range(len(in_channels)):
            parameters |= _conv(f"layer_blocks.{level}.0", width, width, 3)
        outputs: dict[str, Shape] = {}
        flops: Size = 0
        for level, (shape, channels) in enumerate(zip(inputs.values(), in_channels, strict=True)):
            output = _resized(shape, width)
            outputs[f"output_{level + 1}"] = output
            per_number = 2 * channels + 1 + 2 * 9 * width + 1 + 1
            flops = flops + elements_per_sample(output) * per_number
        return Inference(
            outputs,
            inferred={"in_channels": list(in_channels)},
            parameters=parameters,
            flops=flops,
        )

    def constructor(self, params: FeaturePyramidParams, inputs: Inputs) -> Constructor:
        in_channels = list(self._in_channels(inputs))
        return Constructor("FeaturePyramid", (in_channels, params.out_channels))

    def _in_channels(self, inputs: Inputs) -> tuple[int, ...]:
        return tuple(fixed_size(shape, "C") for shape in inputs.values())


class AnchorFreeHeadParams(LevelsParams):
    """Classes and depth of the towers."""

    num_classes: int = param(
        20, "Classes", "Kinds of objects.", minimum=1, maximum=MAX_CLASSES, on_card=True
    )
    num_convs: int = param(
        4,
        "Convolutions",
        "Convolutions before the predictions, in each of the two towers.",
        minimum=0,
        maximum=16,
        is_advanced=True,
    )


class AnchorHeadParams(AnchorFreeHeadParams):
    """As without anchors, and how many there are."""

    num_anchors: int = param(
        9, "Anchors", "Boxes tried at every position.", minimum=1, maximum=1024, on_card=True
    )
    has_norm: bool = param(
        False,
        "Normalise",
        "Group normalisation behind the convolutions of the towers.",
        is_advanced=True,
    )


Q = TypeVar("Q", bound=AnchorFreeHeadParams)


class DenseHead(Levels[Q], Generic[Q]):
    """Predictions at every position of every level, with the same weights."""

    icon = "target"
    inferred = {"channels": "Channels"}
    has_bias_before_norm: ClassVar[bool] = True

    def predictions(self, params: Q) -> Mapping[str, tuple[str, int]]:
        """Return by port stem: the name of the last layer and the channels it gives."""
        raise NotImplementedError

    def has_norm(self, params: Q) -> bool:
        """Say whether convolutions of the towers are normalised."""
        raise NotImplementedError

    def infer(self, params: Q, inputs: Inputs) -> Inference | ShapeProblem:
        if problem := self._maps_problem(inputs, same_channels=True):
            return problem
        channels = fixed_size(next(iter(inputs.values())), "C")
        has_norm = self.has_norm(params)
        step = 3 if has_norm else 2
        parameters: ParameterShapes = {}
        for tower in ("class_tower", "box_tower"):
            for index in range(params.num_convs):
                conv = _conv(f"{tower}.{step * index}", channels, channels, 3)
                if has_norm and not self.has_bias_before_norm:
                    del conv[f"{tower}.{step * index}.bias"]
                parameters |= conv
                if has_norm:
                    scale = f"{tower}.{step * index + 1}"
                    parameters |= {f"{scale}.weight": (channels,), f"{scale}.bias": (channels,)}
        predictions = self.predictions(params)
        for layer, width in predictions.values():
            parameters |= _conv(layer, channels, width, 3)
        outputs: dict[str, Shape] = {}
        flops: Size = 0
        norm = _GROUP_NORM_FLOPS if has_norm else 0
        for level, shape in enumerate(inputs.values(), start=1):
            towers = 2 * params.num_convs * (2 * 9 * channels + 2 + norm)
            flops = flops + elements_per_sample(shape) * towers
            for stem, (_, width) in predictions.items():
                output = _resized(shape, width)
                outputs[f"{stem}_{level}"] = output
                flops = flops + elements_per_sample(output) * (2 * 9 * channels + 1)
        return Inference(
            outputs, inferred={"channels": channels}, parameters=parameters, flops=flops
        )

    def constructor(self, params: Q, inputs: Inputs) -> Constructor:
        channels = fixed_size(next(iter(inputs.values())), "C")
        known = ("num_anchors", "num_convs", "has_norm")
        names = tuple(name for name in known if hasattr(params, name))
        return Constructor(self.type_name, (channels, params.num_classes), changed(params, names))


class AnchorFreeHead(DenseHead[AnchorFreeHeadParams]):
    type_name = "AnchorFreeHead"
    name_stem = "detector"
    title = "Anchor-free head"
    summary = "At every position: what object is there, and how far away are the sides of its box."
    docs = (
        "For each level it gives class logits (B, K, H, W), distances to left, top, right and "
        "bottom (B, 4, H, W) and the logit of how central the position is (B, 1, H, W), as FCOS "
        "does (Tian et al., 2019). Weights: class_tower, box_tower, class_logits, box_distances, "
        "centerness."
    )
    aliases = ("fcos", "detection head", "yolox", "dense head", "object detection")
    variadic_outputs = {"class": "Classes", "box": "Boxes", "center": "Centerness"}
    Params = AnchorFreeHeadParams

    def has_norm(self, params: AnchorFreeHeadParams) -> bool:
        return True

    def predictions(self, params: AnchorFreeHeadParams) -> Mapping[str, tuple[str, int]]:
        return {
            "class": ("class_logits", params.num_classes),
            "box": ("box_distances", 4),
            "center": ("centerness", 1),
        }


class AnchorHead(DenseHead[AnchorHeadParams]):
    type_name = "AnchorHead"
    name_stem = "detector"
    title = "Anchor head"
    summary = "At every position and for every anchor box: its class, and how to correct the box."
    docs = (
        "For each level it gives class logits (B, A · K, H, W) and box offsets (B, A · 4, H, W), "
        "channels anchor by anchor, as RetinaNet does (Lin et al., 2017). Weights: class_tower, "
        "box_tower, class_logits, box_offsets."
    )
    aliases = ("retinanet", "ssd", "rpn", "detection head", "dense head", "object detection")
    variadic_outputs = {"class": "Classes", "box": "Boxes"}
    has_bias_before_norm = False
    Params = AnchorHeadParams

    def has_norm(self, params: AnchorHeadParams) -> bool:
        return params.has_norm

    def predictions(self, params: AnchorHeadParams) -> Mapping[str, tuple[str, int]]:
        return {
            "class": ("class_logits", params.num_anchors * params.num_classes),
            "box": ("box_offsets", params.num_anchors * 4),
        }


def _conv(name: str, in_channels: int, out_channels: int, kernel: int) -> ParameterShapes:
    return {
        f"{name}.weight": (out_channels, in_channels, kernel, kernel),
        f"{name}.bias": (out_channels,),
    }


def _resized(shape: Shape, channels: int) -> Shape:
    return image_shape(channels, fixed_size(shape, "H"), fixed_size(shape, "W"))


LAYERS = (FeaturePyramid(), AnchorFreeHead(), AnchorHead())
